"use strict";
// What is found, selected and open, and everything on the page but the map itself.
const by = id => document.getElementById(id);
const map = JSON.parse(by("map").textContent);
const everyone = [...map.names.keys()];
const ALONE = -1;
const nameOf = path => path.slice(path.lastIndexOf("/") + 1);
const printable = text => text.toWellFormed().replace(/\p{C}/gu, "\ufffd");
const folded = text => text.normalize("NFC").toLowerCase();
const groups = map.groups.map(group => ({...group, called: group.words || `Group ${group.number}`}));
const lonely = everyone.filter(k => map.group[k] === ALONE);
if (lonely.length) groups.push({number: ALONE, called: "In no group", high: false, members: lonely});
const groupOf = new Map(groups.map(group => [group.number, group]));
groups.forEach((group, k) => { group.colour = group.number === ALONE ? NEUTRAL : colourOf(k); });
const searched = everyone.map(k => folded(`${map.names[k]} ${map.labels[map.label[k]]} ${groupOf.get(map.group[k]).called}`));

const byLabel = map.labels.map((name, k) => ({name: printable(name), value: k, members: everyone.filter(one => map.label[one] === k)}))
  .sort((a, b) => b.members.length - a.members.length);
byLabel.forEach((one, k) => { one.colour = one.name === "Unknown" ? NEUTRAL : colourOf(k); });
const KINDS = {
  group: {entries: [], of: map.group, colourOf: k => groupOf.get(map.group[k]).colour},
  label: {entries: byLabel, of: map.label, colours: new Map(byLabel.map(one => [one.value, one.colour])), colourOf: k => KINDS.label.colours.get(map.label[k])},
  quality: {
    entries: [["high", 1, HIGH], ["low", 0, LOW]].map(([name, value, colour]) => ({name, value, colour, members: everyone.filter(k => map.high[k] === value)})),
    of: map.high, colourOf: k => map.high[k] ? HIGH : LOW,
  },
};

const selection = new Set();
let words = [], only = null, kind = "group", current = -1, view = null, sheets = [];
let shown = everyone.map(() => true);

// ---- what is shown

function filter() {
  words = folded(by("words").value).split(/\s+/).filter(Boolean);
  shown = everyone.map(k => words.every(word => searched[k].includes(word)) && (!only || KINDS[only.kind].of[k] === only.value));
  const count = shown.filter(Boolean).length;
  by("shown").textContent = count === map.names.length ? `all ${count} shown` : `${count} of ${map.names.length} shown`;
  by("everything").hidden = !(words.length || only);
  by("select-shown").disabled = !count;
  by("select-shown").textContent = words.length || only ? "Select these" : "Select all";
  by("nothing").hidden = count > 0;
  for (const group of groups) list(group);
  if (current >= 0 && !shown[current]) leave();
  for (const button of by("legend").children) button.setAttribute("aria-pressed", only?.kind === kind && String(only.value) === button.value);
  mark();
}

function showEverything() {
  by("words").value = "";
  only = null;
  filter();
}

function showOnly(kind, value) {
  only = only?.kind === kind && only.value === value ? null : {kind, value};
  if (only?.kind === "group") groupOf.get(value).node.open = true;
  filter();
}

// Tell the map, and the pictures in the list, who is shown, selected and current.
function mark() {
  view?.mark(k => k === current ? CURRENT : !shown[k] ? FADED : selection.has(k) ? SELECTED : NORMAL);
  for (const thumb of document.querySelectorAll(".thumb")) {
    thumb.setAttribute("aria-pressed", selection.has(Number(thumb.value)));
    thumb.classList.toggle("current", Number(thumb.value) === current);
  }
  by("selection").hidden = !selection.size;
  by("selected").textContent = `${selection.size} selected`;
  by("viewer").querySelector(".pick").setAttribute("aria-pressed", selection.has(opened));
}

const MOST_ENTRIES = 40;

function colour(by_) {
  kind = by_;
  by("colours").value = kind;
  const {entries} = KINDS[kind];
  by("legend").replaceChildren(...entries.slice(0, MOST_ENTRIES).map(entry => {
    const button = make("button", {type: "button", value: entry.value, textContent: `${entry.name} ${entry.members.length}`, onclick: () => showOnly(kind, entry.value)});
    button.prepend(swatch(entry.colour));
    return button;
  }), entries.length > MOST_ENTRIES ? `and ${entries.length - MOST_ENTRIES} more: search for them` : "");
  if (only) showOnly(only.kind, only.value);
  view?.paint(KINDS[kind].colourOf);
}

// ---- the list

function make(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function swatch(colour) {
  const node = make("span", {className: "swatch"});
  node.style.setProperty("--colour", css(colour));
  return node;
}

// Show the small picture of k in an element: within a square of `side` pixels, or covering it.
function paintSmall(node, k, side, cover) {
  const cell = map.cells[k];
  node.style.setProperty("--colour", css(groupOf.get(map.group[k]).colour));
  node.style.width = node.style.height = `${side}px`;
  node.style.backgroundImage = "none";
  if (cell < 0) return;
  const [width, height] = map.sizes.slice(2 * cell, 2 * cell + 2), perSheet = map.columns ** 2, number = Math.floor(cell / perSheet);
  const scale = side / (cover ? Math.min(width, height) : Math.max(width, height));
  const [across, down] = cover ? [side, side] : [scale * width, scale * height];
  const rows = Math.ceil(Math.min(perSheet, map.sizes.length / 2 - number * perSheet) / map.columns);
  const left = scale * map.cell * (cell % map.columns) + (scale * width - across) / 2;
  const top = scale * map.cell * Math.floor(cell % perSheet / map.columns) + (scale * height - down) / 2;
  Object.assign(node.style, {
    width: `${across}px`, height: `${down}px`, backgroundImage: `url(${sheets[number]})`,
    backgroundSize: `${scale * map.cell * map.columns}px ${scale * map.cell * rows}px`, backgroundPosition: `${-left}px ${-top}px`,
  });
}

function small(k, side, cover = true) {
  const node = make("div", {className: "small"});
  paintSmall(node, k, side, cover);
  return node;
}

function facts(k) {
  const group = groupOf.get(map.group[k]), of = map.silhouette[k];
  return [group.called, map.labels[map.label[k]] === group.called ? "" : printable(map.labels[map.label[k]]),
    `${map.high[k] ? "high" : "low"} quality`, of === null ? "" : `silhouette ${of.toFixed(2)}`].filter(Boolean).join(" \u00b7 ");
}

const AT_ONCE = 300, IN_STRIP = 28; // pictures of a group: as many as there is room for are seen

function addGroup(group) {
  const quality = group.number === ALONE ? [] : [make("span", {className: group.high ? "" : "low", textContent: group.high ? "" : " \u00b7 low quality"})];
  group.count = make("span");
  group.strip = make("div", {className: "strip"});
  group.sheet = make("div", {className: "sheet"});
  group.more = make("button", {type: "button", onclick: () => { group.room += AT_ONCE; list(group); }});
  group.room = AT_ONCE;
  const buttons = make("div", {className: "buttons"},
    make("button", {type: "button", className: "visit", textContent: "On the map", onclick: () => { view?.visit(group.members); showOnly("group", group.number); }}),
    make("button", {type: "button", className: "whole", textContent: "Select group", onclick: () => select(group.members.filter(k => shown[k]))}));
  group.node = make("details", {className: "group"},
    make("summary", {}, swatch(group.colour), make("span", {className: "called", textContent: group.called}), make("span", {className: "facts"}, group.count, ...quality), group.strip),
    buttons, group.sheet, group.more);
  group.node.addEventListener("toggle", () => list(group));
  by("groups").append(group.node);
}

// Fill the list of a group with what is shown of it.
function list(group) {
  const members = group.members.filter(k => shown[k]);
  group.node.hidden = !members.length;
  const count = members.length === group.members.length ? `${members.length}` : `${members.length} of ${group.members.length}`;
  if (group.count.textContent !== count) group.count.textContent = count;
  const strip = members.slice(0, IN_STRIP), sheet = group.node.open ? members.slice(0, group.room) : [];
  fill(group.strip, strip, k => small(k, 40));
  fill(group.sheet, sheet, k => make("button", {
    type: "button", className: "thumb", value: k, title: printable(nameOf(map.names[k])), ariaLabel: printable(nameOf(map.names[k])),
    ariaPressed: selection.has(k),
  }, small(k, 74)));
  group.more.hidden = members.length <= sheet.length || !group.node.open;
  group.more.textContent = `Show more (${members.length - sheet.length})`;
}

function fill(node, members, making) {
  const key = members.join();
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  node.replaceChildren(...members.map(making));
}

by("groups").addEventListener("click", event => {
  const thumb = event.target.closest(".thumb");
  if (thumb) touched(Number(thumb.value), event);
});
for (const [happens, of] of [["pointerover", event => event.target], ["focusin", event => event.target], ["pointerout", () => null]]) {
  by("groups").addEventListener(happens, event => {
    const thumb = of(event)?.closest(".thumb");
    point(thumb ? Number(thumb.value) : -1);
  });
}

// ---- selection

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

const chosenPaths = () => [...selection].sort((a, b) => a - b).map(k => `${map.names[k]}\n`).join("");

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

// ---- one picture

let opened = -1;
const viewer = by("viewer"), part = name => viewer.querySelector(name), original = part("img");

function open(k) {
  opened = k;
  part(".name").textContent = printable(map.names[k]);
  part(".facts").textContent = facts(k);
  part(".file").href = map.links[k];
  part(".trouble").hidden = true;
  paintSmall(part(".small"), k, Math.min(4 * map.cell, 340), false);
  Object.assign(original, {hidden: true, alt: printable(nameOf(map.names[k])), src: map.links[k]});
  const among = shownOf(map.group[k]);
  part(".previous").disabled = part(".next").disabled = among.length < 2;
  if (!viewer.open) viewer.showModal();
  point(k);
}

const shownOf = number => groupOf.get(number).members.filter(k => shown[k]);

function step(by_) {
  const among = shownOf(map.group[opened]);
  if (among.length) open(among[(among.indexOf(opened) + by_ + among.length) % among.length]);
}

original.onload = () => { original.hidden = false; };
original.onerror = () => { part(".trouble").hidden = false; };
part(".previous").onclick = () => step(-1);
part(".next").onclick = () => step(1);
part(".pick").onclick = () => select([opened]);
part(".there").onclick = () => { viewer.close(); view?.visit([opened]); };
part(".close").onclick = () => viewer.close();
viewer.addEventListener("click", event => { if (event.target === viewer) viewer.close(); });
viewer.addEventListener("keydown", event => {
  if (event.key === "ArrowLeft") step(-1);
  if (event.key === "ArrowRight") step(1);
  if (event.key === "x") select([opened]);
});

// ---- the map

function say(text) {
  by("said").textContent = text;
}

function point(k) {
  if (k === current) return;
  current = k;
  mark();
}

function leave() {
  point(-1);
  by("tip").hidden = true;
}

function showTip(k, x, y) {
  const tip = by("tip");
  tip.hidden = k < 0;
  if (k < 0) return;
  tip.replaceChildren(small(k, 96, false), make("div", {}, make("b", {textContent: printable(nameOf(map.names[k]))}), make("span", {className: "quiet", textContent: facts(k)})));
  const {offsetWidth: width, offsetHeight: height} = tip;
  const left = x + 22 + width > view.width ? x - 22 - width : x + 22, top = Math.min(Math.max(y - height / 2, 6), view.height - height - 6);
  tip.style.transform = `translate(${Math.max(left, 6)}px, ${top}px)`;
}

const MOST_NAMES = 40;
let named = [];

function nameGroups() {
  named = groups.filter(group => group.number !== ALONE && group.members.length > 1).sort((a, b) => b.members.length - a.members.length).slice(0, MOST_NAMES);
  const middle = group => [0, 1, 2].map(axis => {
    const values = group.members.map(k => map.position[3 * k + axis]).sort((a, b) => a - b);
    return values[values.length >> 1];
  });
  named.forEach(group => {
    group.name = make("button", {type: "button", textContent: group.called, tabIndex: -1, onclick: () => { view.visit(group.members); showOnly("group", group.number); }});
    group.name.style.setProperty("--colour", css(group.colour));
  });
  named.places = Float32Array.from(named.flatMap(middle));
  by("place-names").replaceChildren(...named.map(group => group.name));
  named.forEach(group => { group.wide = group.name.offsetWidth; });
}

// Names of groups above their middles; a name that would lie on that of a larger group is left out.
function placeNames(view) {
  if (by("place-names").hidden) return;
  const taken = [], free = new Map();
  const side = view.side();
  view.project((n, x, y, depth, pixels) => {
    const top = y - pixels * side / 2 - 30, group = named[n], box = [x - group.wide / 2, top, x + group.wide / 2, top + 24];
    if (group.node.hidden) return;
    if (taken.some(other => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) return;
    taken.push(box);
    free.set(n, box);
  }, named.places);
  named.forEach((group, n) => {
    group.name.hidden = !free.has(n);
    if (free.has(n)) group.name.style.transform = `translate(${free.get(n)[0].toFixed(1)}px, ${free.get(n)[1].toFixed(1)}px)`;
  });
}

function listen(canvas) {
  let down = null, boxing = false;
  const place = event => {
    const edge = canvas.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  };
  const corners = (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
  canvas.addEventListener("pointerdown", event => {
    down = {at: place(event), button: event.button};
    boxing = event.button === 0 && (event.shiftKey || boxMode());
    if (!boxing) return;
    event.stopImmediatePropagation();
    canvas.setPointerCapture(event.pointerId);
  }, {capture: true});
  canvas.addEventListener("pointermove", event => {
    const at = place(event);
    if (boxing) {
      const [left, top, right, bottom] = corners(down.at, at);
      Object.assign(by("box").style, {left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px`});
      by("box").hidden = false;
    } else if (!down && event.pointerType !== "touch") {
      const k = view.at(...at);
      canvas.classList.toggle("over", k >= 0);
      point(k);
      showTip(k, ...at);
    } else {
      by("tip").hidden = true;
    }
  });
  canvas.addEventListener("pointerup", event => {
    const from = down, at = place(event), far = from && Math.hypot(at[0] - from.at[0], at[1] - from.at[1]) > 5;
    by("box").hidden = true;
    if (boxing && far) select(view.within(...corners(from.at, at)), false);
    else if (from && from.button === 0 && !far) {
      const k = view.at(...at);
      if (k >= 0) touched(k, event);
    }
    [down, boxing] = [null, false];
  });
  canvas.addEventListener("pointercancel", () => { [down, boxing] = [null, false]; by("box").hidden = true; });
  canvas.addEventListener("pointerleave", () => { if (!down) leave(); });
  canvas.addEventListener("keydown", event => {
    const turns = {ArrowLeft: [-0.12, 0], ArrowRight: [0.12, 0], ArrowUp: [0, 0.12], ArrowDown: [0, -0.12]}[event.key];
    if (turns) view.turn(...turns);
    else if (event.key === "+" || event.key === "=") view.zoom(0.85);
    else if (event.key === "-") view.zoom(1 / 0.85);
    else if (event.key === "Enter" && current >= 0) open(current);
    else return;
    event.preventDefault();
  });
}

const boxMode = () => by("box-mode").getAttribute("aria-pressed") === "true";

function press(button) {
  const on = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", on);
  return on;
}

function next(by_) {
  const order = groups.flatMap(group => group.members.filter(k => shown[k]));
  if (!order.length) return;
  const at = order.indexOf(current), k = order[at < 0 ? (by_ > 0 ? 0 : order.length - 1) : (at + by_ + order.length) % order.length];
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

// ---- the beginning

const packed = [...document.querySelectorAll(".atlas")].map(node => {
  const bytes = Uint8Array.fromBase64?.(node.textContent) ?? Uint8Array.from(atob(node.textContent), one => one.charCodeAt(0));
  node.remove();
  return new Blob([bytes], {type: "image/webp"});
});
sheets = packed.map(blob => URL.createObjectURL(blob));
groups.forEach(addGroup);
try {
  view = new View(by("canvas"), map, placeNames);
  listen(by("canvas"));
  nameGroups();
  packed.forEach((blob, k) => createImageBitmap(blob).then(bitmap => view.show(k, bitmap)));
} catch {
  document.body.classList.add("flat");
  by("no-webgl").hidden = false;
}
colour("group");
filter();
