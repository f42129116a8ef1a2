"use strict";
// The list of groups with their pictures, and which of them are shown.
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
  const left = [...selection].filter(broken).length;
  by("left-out").textContent = left ? `${left} with a line break in ${left > 1 ? "their names" : "its name"}, not exported` : "";
  by("viewer").querySelector(".pick").setAttribute("aria-pressed", selection.has(opened));
}

const MOST_ENTRIES = 40;

function colour(chosen) {
  kind = chosen;
  by("colours").value = kind;
  const {entries} = KINDS[kind];
  by("legend").replaceChildren(...entries.slice(0, MOST_ENTRIES).map(entry => {
    const button = make("button", {type: "button", value: entry.value, textContent: `${entry.name} ${entry.members.length}`, onclick: () => showOnly(kind, entry.value)});
    button.prepend(swatch(entry.colour));
    return button;
  }), entries.length > MOST_ENTRIES ? `and ${entries.length - MOST_ENTRIES} more: search for them` : "");
  view?.paint(KINDS[kind].colourOf);
  filter();
}

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
