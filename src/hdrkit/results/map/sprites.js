"use strict";
// How a sprite is drawn: in which state, how large, and the two programs of the graphics card.
const NORMAL = 0, FADED = 1, SELECTED = 2, CURRENT = 3;
const GROUND = [0.063, 0.071, 0.082];
const GROWN = [1, 0.5, 1.1, 1.7]; // how much larger a sprite is drawn in each state
const LEAST = 2.5; // pixels from the centre of a sprite to its edge, at least

const VERTEX = `precision highp float;
uniform mat4 modelViewMatrix, projectionMatrix;
uniform float size, focal, cell, columns, far, reach, grown[4];
uniform vec2 sheet;
in vec3 position, centre, colour;
in float slot, state;
in vec2 extent;
out vec2 corner, inPicture, halfSide;
out vec3 frame;
out float fog;
flat out float drawn;
void main() {
  vec4 at = modelViewMatrix * vec4(centre, 1.0);
  vec2 side = 0.5 * size * grown[int(state)] * extent / max(extent.x, extent.y);
  float pixels = focal / -at.z;
  side *= max(1.0, ${LEAST.toFixed(1)} / (pixels * max(side.x, side.y)));
  corner = position.xy;
  halfSide = side * pixels;
  at.xy += corner * side;
  gl_Position = projectionMatrix * at;
  if (state == ${CURRENT.toFixed(1)}) gl_Position.z = -0.999 * gl_Position.w;
  vec2 place = vec2(mod(slot, columns), floor(slot / columns)) * cell;
  inPicture = (place + 0.5 + (0.5 + vec2(0.5, -0.5) * corner) * (extent - 1.0)) / sheet;
  frame = colour;
  drawn = state;
  fog = 0.4 * smoothstep(far - reach, far + reach, -at.z);
}`;

const FRAGMENT = `precision highp float;
uniform sampler2D pictures;
uniform float ready;
uniform vec3 ground;
in vec2 corner, inPicture, halfSide;
in vec3 frame;
in float fog;
flat in float drawn;
out vec4 seen;
void main() {
  float least = min(halfSide.x, halfSide.y);
  float radius = min(0.22 * least, 7.0), width = clamp(0.09 * least, 1.6, 5.0);
  vec2 over = abs(corner) * halfSide - halfSide + radius;
  float inside = radius - length(max(over, 0.0)) - min(max(over.x, over.y), 0.0);
  if (inside < 0.0) discard;
  vec3 picture = mix(frame, texture(pictures, inPicture).rgb, ready);
  vec3 edge = frame;
  if (drawn > 1.5) {
    width = max(width, 2.0);
    edge = inside < 0.8 * width ? vec3(1.0) : frame;
    width *= 1.7;
  }
  vec3 tint = inside < width ? edge : picture;
  float away = drawn > 1.5 ? 0.0 : fog;
  seen = vec4(mix(tint, ground, drawn == 1.0 ? 0.8 : away), 1.0);
}`;
