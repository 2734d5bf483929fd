// Buttons and forms that change something send requests; the traffic is followed by server-sent events. Everything else works without it.
const mount = document.body.dataset.mount;
const notice = document.getElementById("notice");

function report(text) {
  notice.textContent = text;
  notice.className = "error";
}

async function request(method, path, body, headers) {
  const response = await fetch(mount + path, {
    method,
    body,
    headers: { "content-type": "application/json", "x-tenant-control": "1", ...headers },
  });
  const text = await response.text();
  if (!response.ok) {
    let message = text;
    try {
      message = JSON.parse(text).message ?? text;
    } catch {
      // The answer is not JSON, so it is shown as it is.
    }
    throw new Error(`${response.status}: ${message}`);
  }
  return text ? JSON.parse(text) : null;
}

async function act(work, button) {
  if (button) {
    button.disabled = true;
  }
  try {
    await work();
  } catch (error) {
    report(error.message);
  } finally {
    if (button) {
      button.disabled = false;
    }
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-path], button[data-token]");
  if (!button) {
    return;
  }
  const { method, api, path, body, confirm: question, then, token, user } = button.dataset;
  if (question && !window.confirm(question)) {
    return;
  }
  act(async () => {
    if (token) {
      const issued = await request("POST", "/_tenant/tokens", JSON.stringify({ user_id: user, kind: token }));
      document.getElementById("token").hidden = false;
      document.getElementById("token-text").value = issued.token;
      document.getElementById("token-text").select();
      return;
    }
    if (api) {
      const facts = await request("GET", "/_tenant");
      await request(api, path, body, { authorization: `Bearer ${facts.management_token}` });
    } else {
      await request(method, path, body);
    }
    if (then) {
      location.assign(mount + then);
    } else {
      location.reload();
    }
  }, button);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.path) {
    return;
  }
  event.preventDefault();
  act(async () => {
    await request(form.dataset.method, form.dataset.path, JSON.stringify(Object.fromEntries(new FormData(form))));
    location.reload();
  });
});

// Follows a part of the page while it can be seen: a browser has six connections to a host, which other pages need. It connects again by itself.
function follow(path, kind, show) {
  const url = new URL(mount + path, location.href);
  let source = null;

  function stop() {
    source?.close();
    source = null;
  }

  function update() {
    if (document.hidden) {
      stop();
    } else if (!source) {
      source = new EventSource(url);
      source.addEventListener(kind, (event) => {
        url.searchParams.set("since", event.lastEventId);
        show(JSON.parse(event.data));
      });
    }
  }

  document.addEventListener("visibilitychange", update);
  update();
  return {
    close() {
      document.removeEventListener("visibilitychange", update);
      stop();
    },
  };
}

// The elements of pieces of HTML, of which the server has escaped what comes from outside.
function elements(pieces) {
  const template = document.createElement("template");
  template.innerHTML = pieces.join("");
  return template.content;
}

const MOST_WAITING = 3;
const MOST_ROWS = 100;

function followTraffic(table) {
  const rows = table.tBodies[0];
  const count = document.getElementById("count");
  const rate = document.getElementById("rate");
  const pause = document.getElementById("pause");
  let last = Number(table.dataset.last);
  let source = null;
  let waiting = [];
  let measured = { last, at: performance.now() };

  function isPaused() {
    return pause.getAttribute("aria-checked") === "true";
  }

  // What arrives is shown at most once for each frame. A page in the background has no frames, and keeps the newest.
  function receive(batch) {
    if (waiting.push(batch) === 1) {
      requestAnimationFrame(show);
    } else if (waiting.length > MOST_WAITING) {
      waiting.shift();
    }
  }

  function show() {
    const batches = waiting.reverse();
    waiting = [];
    if (isPaused()) {
      return;
    }
    const { last: newest, count: kept } = batches[0];
    rows.prepend(elements(batches.flatMap((batch) => batch.rows).slice(0, MOST_ROWS)));
    while (rows.rows.length > (kept === 0 ? 0 : MOST_ROWS)) {
      rows.lastElementChild.remove();
    }
    count.textContent = kept;
    last = newest;
  }

  function begin() {
    const query = new URLSearchParams(location.search);
    query.set("since", last);
    source = follow(`/_tenant/page/traffic/events?${query}`, "rows", receive);
  }

  function setPaused(paused) {
    pause.setAttribute("aria-checked", paused);
    if (paused) {
      source.close();
      rate.textContent = ", paused";
    } else {
      rate.textContent = "";
      measured = { last, at: performance.now() };
      begin();
    }
  }

  setInterval(() => {
    const now = performance.now();
    if (!isPaused()) {
      const perSecond = Math.round((1000 * (last - measured.last)) / (now - measured.at));
      rate.textContent = perSecond > 0 ? `, ${perSecond.toLocaleString("en")} per second` : "";
    }
    measured = { last, at: now };
  }, 1000);

  document.getElementById("live").hidden = false;
  pause.addEventListener("click", () => setPaused(!isPaused()));
  // Who reaches a row with the keyboard keeps it.
  rows.addEventListener("focusin", (event) => {
    if (!isPaused() && event.target.matches(":focus-visible")) {
      setPaused(true);
    }
  });
  begin();
}

function followInbox(mails) {
  follow(`/_tenant/page/inbox/events?since=${mails.dataset.last}`, "mails", ({ count, articles }) => {
    if (count === 0) {
      mails.replaceChildren();
    }
    mails.prepend(elements(articles.reverse()));
    document.getElementById("count").textContent = count;
    document.getElementById("unit").textContent = count === 1 ? "message" : "messages";
  });
}

const traffic = document.getElementById("traffic");
if (traffic) {
  followTraffic(traffic);
}
const mails = document.getElementById("mails");
if (mails) {
  followInbox(mails);
}
