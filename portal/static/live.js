// Says how many counts changed since the page was made; never moves what is being read.
const box = document.getElementById("direct");
const [status, button] = [box.querySelector("p"), box.querySelector("button")];
let position = box.dataset.position, feed = null, changed = new Set();
function say() {
  const n = changed.size;
  status.textContent = n === 1 ? "1 nombre a changé depuis l'ouverture de la page." : n + " nombres ont changé depuis l'ouverture de la page.";
  box.hidden = false;
}
function open() {
  feed = new EventSource(box.dataset.stream + "&after=" + encodeURIComponent(position));
  for (const kind of ["upsert", "delete"]) feed.addEventListener(kind, e => {
    position = e.lastEventId || position;
    changed.add(JSON.parse(e.data).key);
    say();
  });
  feed.addEventListener("restart", () => { feed.close(); status.textContent = "La page n'est plus à jour."; box.hidden = false; });
}
button.addEventListener("click", () => {
  if (feed) { feed.close(); feed = null; button.textContent = "Reprendre le direct"; }
  else { open(); button.textContent = "Suspendre le direct"; }
});
open();
