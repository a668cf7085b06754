// Keeps a page fresh without reloading it, follows a build's log, copies commands.
// Everything works without this file; it only saves the reader from pressing reload.
const region = document.querySelector("[data-refresh]");
let delay = Number(region?.dataset.refresh ?? 0);
let normal = delay;

async function refresh() {
  try {
    const answer = await fetch(location.href, {
      headers: { accept: "text/html" },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(
      await answer.text(),
      "text/html",
    );
    const next = page.querySelector("[data-refresh]");
    const busy = region.contains(document.activeElement) ||
      !getSelection().isCollapsed;
    if (next && !busy) {
      region.replaceChildren(...next.childNodes);
      // What was waited for is there: the page says whether to go on.
      normal = Number(next.dataset.refresh);
    }
    delete document.body.dataset.stale;
    delay = normal;
  } catch {
    document.body.dataset.stale = "";
    delay = Math.min(delay * 2, 30000);
  }
}

async function refreshForever() {
  if (document.visibilityState === "visible") await refresh();
  if (normal > 0) setTimeout(refreshForever, delay);
}
if (normal > 0) setTimeout(refreshForever, normal);

const log = document.querySelector("[data-log]");
const maxLines = 5000;
if (log) {
  const source = new EventSource(log.dataset.log);
  source.addEventListener("lines", (event) => {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const lines = document.createDocumentFragment();
    for (const { step, text } of JSON.parse(event.data)) {
      const line = document.createElement("div");
      const name = document.createElement("span");
      name.className = "step";
      name.textContent = `${step} | `;
      line.append(name, text);
      lines.append(line);
    }
    log.querySelector("[data-placeholder]")?.remove();
    log.append(lines);
    while (log.childElementCount > maxLines) log.firstElementChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  });
  source.addEventListener("job", () => refresh());
  source.addEventListener("end", () => {
    source.close();
    const placeholder = log.querySelector("[data-placeholder]");
    if (placeholder) placeholder.textContent = "This build printed nothing.";
    log.dataset.ended = "";
  });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Press Ctrl+C";
    getSelection().selectAllChildren(button.previousElementSibling);
  }
});
