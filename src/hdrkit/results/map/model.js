"use strict";
// What the page knows: the pictures and their groups, what is found, selected and current.
const by = id => document.getElementById(id);
const map = JSON.parse(by("map").textContent);
const everyone = [...map.names.keys()];
const ALONE = -1;
const nameOf = path => path.slice(path.lastIndexOf("/") + 1);
const printable = text => text.toWellFormed().replace(/\p{C}/gu, "\ufffd");
const broken = k => /[\n\r]/.test(map.names[k]); // its path has no place in a list with one a line
const folded = text => text.normalize("NFC").toLowerCase();
const groups = map.groups.map(group => ({...group, called: group.words || `Group ${group.number}`}));
const lonely = everyone.filter(k => map.group[k] === ALONE);
if (lonely.length) groups.push({number: ALONE, called: "In no group", high: false, members: lonely});
const groupOf = new Map(groups.map(group => [group.number, group]));
groups.forEach((group, k) => { group.colour = group.number === ALONE ? NEUTRAL : colourOf(k); });
const searched = everyone.map(k => folded(`${map.names[k]} ${map.labels[map.label[k]]} ${groupOf.get(map.group[k]).called}`));

const byLabel = map.labels.map((name, k) => ({name: printable(name), value: k, members: []}));
map.label.forEach((label, k) => byLabel[label].members.push(k));
byLabel.sort((a, b) => b.members.length - a.members.length);
byLabel.forEach((one, k) => { one.colour = one.name === "Unknown" ? NEUTRAL : colourOf(k); });
const labelled = new Map(byLabel.map(one => [one.value, one]));
const KINDS = {
  group: {entries: [], of: map.group, colourOf: k => groupOf.get(map.group[k]).colour},
  label: {entries: byLabel, of: map.label, colourOf: k => labelled.get(map.label[k]).colour},
  quality: {
    entries: [["high", 1, HIGH], ["low", 0, LOW]].map(([name, value, colour]) => ({name, value, colour, members: everyone.filter(k => map.high[k] === value)})),
    of: map.high, colourOf: k => map.high[k] ? HIGH : LOW,
  },
};

const selection = new Set();
let words = [], only = null, kind = "group", current = -1, view = null, sheets = [];
let shown = everyone.map(() => true);
