"use strict";
// One picture, large.
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

function step(ahead) {
  const among = shownOf(map.group[opened]);
  if (among.length) open(among[(among.indexOf(opened) + ahead + among.length) % among.length]);
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
