// Sends the response of a login on its way: as a form, or as a message to the window that asked for it.
const form = document.querySelector("form[data-submit]");
if (form) {
  form.submit();
}
const message = document.querySelector("[data-origin]");
if (message) {
  const response = {};
  for (const field of message.querySelectorAll("data")) {
    response[field.dataset.name] = field.value;
  }
  const target = window.opener || window.parent;
  target.postMessage({ type: "authorization_response", response }, message.dataset.origin);
}
