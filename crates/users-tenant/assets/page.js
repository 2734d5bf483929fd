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

// The newest request is the first row. The browser connects again by itself.
const MOST_ROWS = 200;
const table = document.querySelector("#traffic[data-live]");
if (table) {
  const rows = table.tBodies[0];
  const count = document.getElementById("count");
  const pause = document.getElementById("pause");
  let waiting = [];
  pause.hidden = false;
  pause.addEventListener("click", () => {
    pause.setAttribute("aria-pressed", pause.getAttribute("aria-pressed") === "true" ? "false" : "true");
    show();
  });

  function cell(label, content, className) {
    const element = document.createElement("td");
    element.dataset.label = label;
    element.className = className ?? "";
    if (content instanceof Node) {
      element.append(content);
    } else {
      element.textContent = content ?? "";
    }
    return element;
  }

  function row(entry) {
    const element = document.createElement("tr");
    const heading = document.createElement("th");
    heading.scope = "row";
    const link = document.createElement("a");
    link.href = `${mount}/_tenant/page/traffic/${entry.sequence}`;
    link.textContent = `${entry.method} ${entry.target}`;
    heading.append(link);
    const status = document.createElement("span");
    status.textContent = entry.status ?? "none";
    const kind = entry.status === null || entry.status >= 500 ? "bad" : entry.status >= 400 ? "warn" : "good";
    status.className = `tag ${kind}`;
    let limit = "";
    if (entry.rate_limit) {
      limit = document.createElement("meter");
      limit.max = entry.rate_limit.limit;
      limit.value = entry.rate_limit.remaining;
      limit.title = `${entry.rate_limit.remaining} of ${entry.rate_limit.limit}`;
      limit.textContent = limit.title;
    }
    element.append(heading, cell("Status", status), cell("Time", `${entry.duration_ms} ms`, "number"));
    element.append(cell("Operation", entry.operation), cell("Rate limit", limit));
    return element;
  }

  // At most once for each frame, so that a busy tenant does not stop the page.
  let isScheduled = false;
  function show() {
    if (isScheduled || pause.getAttribute("aria-pressed") === "true") {
      return;
    }
    isScheduled = true;
    requestAnimationFrame(() => {
      isScheduled = false;
      const fresh = waiting.slice(-MOST_ROWS).reverse().map(row);
      count.textContent = Number(count.textContent) + waiting.length;
      waiting = [];
      rows.prepend(...fresh);
      while (rows.rows.length > MOST_ROWS) {
        rows.lastElementChild.remove();
      }
    });
  }

  const events = new EventSource(`${mount}/_tenant/events`);
  events.addEventListener("request", (event) => {
    waiting.push(JSON.parse(event.data));
    if (waiting.length > 10 * MOST_ROWS) {
      waiting = waiting.slice(-MOST_ROWS);
    }
    show();
  });
}
