"use strict";
// Colours that tell many things apart. Each is [red, green, blue] from 0 to 1.
const NEUTRAL = [0.54, 0.56, 0.58];
const HIGH = [0.34, 0.76, 0.69], LOW = [0.94, 0.63, 0.29];

// The k-th of as many colours as needed: the golden angle apart in hue, in three degrees of lightness (OKLCH, Ottosson 2020).
function colourOf(k) {
  const light = [0.76, 0.66, 0.84][k % 3], chroma = 0.13, hue = (k * 137.508 + 25) * Math.PI / 180;
  const a = chroma * Math.cos(hue), b = chroma * Math.sin(hue);
  const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
  ].map(v => Math.min(Math.max(v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055, 0), 1));
}

const css = colour => `rgb(${colour.map(v => Math.round(255 * v)).join(" ")})`;
