"use strict";
// Selection, keys, and the beginning of it all.
function select(members, keep = true) {
  if (keep && members.length && members.every(k => selection.has(k))) members.forEach(k => selection.delete(k));
  else members.forEach(k => selection.add(k));
  mark();
  say(`${selection.size} selected`);
}

function touched(k, event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) select([k]);
  else open(k);
}

const chosenPaths = () => [...selection].filter(k => !broken(k)).sort((a, b) => a - b).map(k => `${map.names[k]}\n`).join("");

// Text as bytes: a byte of a name that is no UTF-8 came as a lone surrogate and leaves as that byte.
function bytesOf(text) {
  const encoder = new TextEncoder();
  return text.split(/([\udc80-\udcff])/u).map((part, k) => k % 2 ? Uint8Array.of(part.charCodeAt(0) - 0xdc00) : encoder.encode(part));
}

by("copy").onclick = async () => {
  try {
    await navigator.clipboard.writeText(chosenPaths());
    by("copy").textContent = "Copied";
  } catch {
    by("copy").textContent = "Not allowed: use download";
  }
  setTimeout(() => { by("copy").textContent = "Copy paths"; }, 2000);
};
by("download").onclick = () => {
  const link = make("a", {download: "selected.txt", href: URL.createObjectURL(new Blob(bytesOf(chosenPaths()), {type: "text/plain"}))});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};
by("clear").onclick = () => { selection.clear(); mark(); };
by("select-shown").onclick = () => select(everyone.filter(k => shown[k]));

const boxMode = () => by("box-mode").getAttribute("aria-pressed") === "true";

function press(button) {
  const on = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", on);
  return on;
}

function next(ahead) {
  const order = groups.flatMap(group => group.members.filter(k => shown[k]));
  if (!order.length) return;
  const at = order.indexOf(current), k = order[at < 0 ? (ahead > 0 ? 0 : order.length - 1) : (at + ahead + order.length) % order.length];
  point(k);
  say(`${printable(nameOf(map.names[k]))}, ${facts(k)}`);
  view?.project((n, x, y) => { if (n === k) showTip(k, x, y); });
}

function setSize(value) {
  by("size").value = value;
  view.size = 2 ** Number(by("size").value);
  view.request();
}

by("words").addEventListener("input", filter);
by("everything").onclick = showEverything;
by("colours").onchange = () => colour(by("colours").value);
by("fit").onclick = () => view.fit();
by("box-mode").onclick = () => by("canvas").classList.toggle("box", press(by("box-mode")));
by("place-names-mode").onclick = () => { by("place-names").hidden = !press(by("place-names-mode")); view.request(); };
by("size").oninput = () => setSize(by("size").value);
by("help-open").onclick = () => by("help").showModal();

const KEYS = {
  n: () => next(1), p: () => next(-1), h: () => by("help").showModal(), "/": () => by("words").focus(),
  x: () => { if (current >= 0) select([current]); },
  g: () => { if (current >= 0) select(shownOf(map.group[current])); },
  c: () => { const names = Object.keys(KINDS); colour(names[(names.indexOf(kind) + 1) % names.length]); say(`coloured by ${kind}`); },
};
const MAP_KEYS = {
  f: () => view.fit(), b: () => by("box-mode").click(), l: () => by("place-names-mode").click(),
  "[": () => setSize(Number(by("size").value) - 0.25), "]": () => setSize(Number(by("size").value) + 0.25),
};
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (boxMode()) by("box-mode").click();
    else if (words.length || only) showEverything();
    else by("clear").click();
    return;
  }
  if (event.target.matches("input[type=search], select")) return;
  const does = KEYS[event.key] ?? (view && MAP_KEYS[event.key]);
  if (!does) return;
  event.preventDefault();
  does();
});

const packed = [...document.querySelectorAll(".atlas")].map(node => {
  const bytes = Uint8Array.fromBase64?.(node.textContent) ?? Uint8Array.from(atob(node.textContent), one => one.charCodeAt(0));
  node.remove();
  return new Blob([bytes], {type: "image/webp"});
});
sheets = packed.map(blob => URL.createObjectURL(blob));
groups.forEach(addGroup);
try {
  view = new View(by("canvas"), map, placeNames);
} catch {
  document.body.classList.add("flat");
  by("no-webgl").hidden = false;
}
if (view) {
  listen(by("canvas"));
  nameGroups();
  packed.forEach((blob, k) => createImageBitmap(blob).then(bitmap => view.show(k, bitmap)));
}
colour("group");
