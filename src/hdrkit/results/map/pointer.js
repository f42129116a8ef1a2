"use strict";
// What the mouse does on the map, the names of groups, and what is said of the picture under the pointer.
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
