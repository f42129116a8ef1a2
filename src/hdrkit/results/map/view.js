"use strict";
// The pictures in three dimensions: sprites that face the camera, one draw call for each sheet of the atlas.
// Throws if the browser has no WebGL 2. `rendered` is called after each picture that is drawn.
class View {
  constructor(canvas, map, rendered) {
    const context = canvas.getContext("webgl2", {antialias: true, powerPreference: "high-performance"});
    if (!context) throw new Error("no WebGL 2");
    this.canvas = canvas;
    this.rendered = rendered;
    this.count = map.group.length;
    this.positions = Float32Array.from(map.position);
    this.states = new Float32Array(this.count);
    this.size = 1;
    this.renderer = new THREE.WebGLRenderer({canvas, context});
    this.renderer.setClearColor(new THREE.Color(...GROUND).convertSRGBToLinear(), 1);
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera(45, 1, 0.01, 1000);
    this.measure();
    this.makeSprites(map);
    this.controls = new THREE.OrbitControls(this.camera, canvas);
    Object.assign(this.controls, {enableDamping: !still(), dampingFactor: 0.12, zoomToCursor: true, rotateSpeed: 0.8});
    this.controls.minDistance = 0.01 * this.reach;
    this.controls.maxDistance = 12 * this.reach;
    this.controls.addEventListener("change", () => this.request());
    this.controls.addEventListener("start", () => { this.untouched = false; });
    this.untouched = true; // the whole map stays in view until someone moves it
    canvas.addEventListener("webglcontextrestored", () => this.request());
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement);
    this.resize();
  }

  // The middle of the cloud, how far nearly all of it reaches, and a size of sprites that leaves room between them.
  measure() {
    const axes = [0, 1, 2].map(axis => this.positions.filter((_, k) => k % 3 === axis).sort());
    const middle = axes.map(values => values.length ? (values[0] + values[values.length - 1]) / 2 : 0);
    const away = new Float32Array(this.count);
    for (let k = 0; k < this.count; k++) away[k] = Math.hypot(...middle.map((value, axis) => this.positions[3 * k + axis] - value));
    away.sort();
    this.reach = (away.length && away[Math.ceil(0.98 * (away.length - 1))]) || 1;
    this.middle = new THREE.Vector3(...middle);
    this.usual = Math.min(1.6 * this.reach / Math.sqrt(this.count || 1), 0.35 * this.reach);
    this.least = Math.min(this.neighbours(), this.usual);
  }

  // How far pictures are from their nearest neighbours: the middle of 300 of them.
  neighbours() {
    const found = [], step = Math.ceil(this.count / 300), p = this.positions;
    for (let k = 0; k < this.count; k += step) {
      let nearest = Infinity;
      for (let n = 0; n < this.count; n++) {
        const away = (p[3 * n] - p[3 * k]) ** 2 + (p[3 * n + 1] - p[3 * k + 1]) ** 2 + (p[3 * n + 2] - p[3 * k + 2]) ** 2;
        if (n !== k && away < nearest) nearest = away;
      }
      found.push(Math.sqrt(nearest));
    }
    return found.sort((a, b) => a - b)[found.length >> 1] ?? 1;
  }

  // The side of a sprite. It shrinks as the camera comes near, so that dense groups open up.
  side() {
    const near = Math.min(this.camera.position.distanceTo(this.controls.target) / this.distance(this.reach), 1);
    return this.size * Math.max(this.usual * near ** 0.7, this.least);
  }

  // How far the camera must be to see so much.
  distance(reach) {
    return 1.12 * reach / Math.sin(this.camera.fov * Math.PI / 360) / Math.min(1, this.camera.aspect);
  }

  makeSprites(map) {
    this.extents = new Float32Array(2 * this.count).fill(map.cell);
    map.cells.forEach((cell, k) => {
      if (cell >= 0) this.extents.set(map.sizes.slice(2 * cell, 2 * cell + 2), 2 * k);
    });
    const perSheet = map.columns ** 2;
    const order = Int32Array.from(map.cells.keys()).sort((a, b) => map.cells[a] - map.cells[b]);
    this.instance = new Int32Array(this.count);
    order.forEach((k, i) => { this.instance[k] = i; });
    const gathered = (from, width) => {
      const to = new Float32Array(width * this.count);
      order.forEach((k, i) => { for (let j = 0; j < width; j++) to[width * i + j] = from[width * k + j]; });
      return to;
    };
    this.drawnColours = new Float32Array(3 * this.count);
    this.drawnStates = new Float32Array(this.count);
    const columns = {
      centre: [gathered(this.positions, 3), 3],
      extent: [gathered(this.extents, 2), 2],
      slot: [gathered(map.cells.map(cell => cell % perSheet), 1), 1],
      colour: [this.drawnColours, 3],
      state: [this.drawnStates, 1],
    };
    this.shared = {
      size: {value: this.usual}, focal: {value: 1}, far: {value: 1}, reach: {value: this.reach}, cell: {value: map.cell},
      columns: {value: map.columns}, ground: {value: new THREE.Vector3(...GROUND)}, grown: {value: GROWN},
    };
    this.sprites = new Map();
    this.changing = [];
    for (let start = 0; start < this.count;) {
      const number = Math.floor(map.cells[order[start]] / perSheet); // -1: pictures without a cell
      let end = start;
      while (end < this.count && Math.floor(map.cells[order[end]] / perSheet) === number) end++;
      this.sprites.set(number, this.makeSheet(columns, start, end));
      start = end;
    }
  }

  makeSheet(columns, start, end) {
    const geometry = new THREE.InstancedBufferGeometry();
    geometry.setAttribute("position", new THREE.BufferAttribute(Float32Array.of(-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0), 3));
    geometry.setIndex([0, 1, 2, 0, 2, 3]);
    geometry.instanceCount = end - start;
    for (const [name, [values, width]] of Object.entries(columns)) {
      const attribute = new THREE.InstancedBufferAttribute(values.subarray(width * start, width * end), width);
      if (name === "colour" || name === "state") {
        attribute.setUsage(THREE.DynamicDrawUsage);
        this.changing.push(attribute);
      }
      geometry.setAttribute(name, attribute);
    }
    const own = {pictures: {value: null}, ready: {value: 0}, sheet: {value: [1, 1]}};
    const material = new THREE.RawShaderMaterial({
      glslVersion: THREE.GLSL3, vertexShader: VERTEX, fragmentShader: FRAGMENT, uniforms: {...this.shared, ...own},
    });
    const mesh = new THREE.Mesh(geometry, material);
    mesh.frustumCulled = false;
    this.scene.add(mesh);
    return own;
  }

  // Give the sprites of a sheet their pictures.
  show(number, bitmap) {
    const texture = new THREE.Texture(bitmap);
    Object.assign(texture, {flipY: false, minFilter: THREE.LinearMipmapLinearFilter, needsUpdate: true});
    const own = this.sprites.get(number);
    own.pictures.value = texture;
    own.sheet.value = [bitmap.width, bitmap.height];
    own.ready.value = 1;
    this.request();
  }

  paint(colours) {
    for (let k = 0; k < this.count; k++) this.drawnColours.set(colours(k), 3 * this.instance[k]);
    this.changed();
  }

  mark(state) {
    for (let k = 0; k < this.count; k++) this.drawnStates[this.instance[k]] = this.states[k] = state(k);
    this.changed();
  }

  changed() {
    for (const attribute of this.changing) attribute.needsUpdate = true;
    this.request();
  }

  resize() {
    const {clientWidth: width, clientHeight: height} = this.canvas.parentElement;
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.width = width;
    this.height = height;
    if (this.untouched) this.fit(false);
    else this.request();
  }

  request() {
    this.waiting ??= requestAnimationFrame(now => {
      this.waiting = null;
      this.fly?.(now);
      this.controls.update();
      this.render();
    });
  }

  render() {
    const far = this.camera.position.distanceTo(this.controls.target);
    this.camera.near = Math.max(0.002 * far, 1e-4);
    this.camera.far = far + 20 * this.reach;
    this.camera.updateProjectionMatrix();
    this.shared.size.value = this.side();
    this.shared.far.value = far;
    this.shared.focal.value = this.focal() * this.renderer.getPixelRatio();
    this.renderer.render(this.scene, this.camera);
    this.rendered(this);
  }

  focal() {
    return this.height / (2 * Math.tan(this.camera.fov * Math.PI / 360));
  }

  // Call `each(k, x, y, depth, width, height)` for what is in front of the camera: pixels of the page, half sides of the sprite.
  project(each, positions = this.positions) {
    this.camera.updateMatrixWorld();
    const e = this.camera.matrixWorldInverse.elements, focal = this.focal();
    for (let k = 0; k < positions.length / 3; k++) {
      const x = positions[3 * k], y = positions[3 * k + 1], z = positions[3 * k + 2];
      const depth = -(e[2] * x + e[6] * y + e[10] * z + e[14]);
      if (depth <= this.camera.near) continue;
      const pixels = focal / depth;
      each(k, this.width / 2 + pixels * (e[0] * x + e[4] * y + e[8] * z + e[12]),
        this.height / 2 - pixels * (e[1] * x + e[5] * y + e[9] * z + e[13]), depth, pixels);
    }
  }

  // The picture at a point of the canvas, -1 for none. Faded pictures cannot be touched.
  at(left, top) {
    let found = -1, nearest = Infinity;
    const side = this.side();
    this.project((k, x, y, depth, pixels) => {
      const state = this.states[k];
      if (state === FADED) return;
      const width = this.extents[2 * k], height = this.extents[2 * k + 1], longest = Math.max(width, height);
      const half = Math.max(0.5 * pixels * side * GROWN[state], LEAST);
      if (Math.abs(x - left) > half * width / longest || Math.abs(y - top) > half * height / longest) return;
      const near = state === CURRENT ? 0 : depth;
      if (near < nearest) [found, nearest] = [k, near];
    });
    return found;
  }

  // The pictures whose middle is in a box of the canvas.
  within(left, top, right, bottom) {
    const found = [];
    this.project((k, x, y) => {
      if (this.states[k] !== FADED && x >= left && x <= right && y >= top && y <= bottom) found.push(k);
    });
    return found;
  }

  // Show the whole map from where it is flattest.
  fit(smoothly = true) {
    const one = new THREE.Vector3();
    const deep = direction => {
      let sum = 0;
      for (let k = 0; k < this.count; k++) sum += one.fromArray(this.positions, 3 * k).sub(this.middle).dot(direction) ** 2;
      return sum;
    };
    const directions = Array.from({length: 24}, (_, k) => k * Math.PI / 12).map(angle => new THREE.Vector3(Math.sin(angle), 0.35, Math.cos(angle)));
    const flattest = directions.map(direction => [deep(direction), direction]).sort((a, b) => a[0] - b[0])[0][1].normalize();
    this.go(this.middle, this.needed(flattest), smoothly, flattest);
    this.untouched = true;
  }

  // How far from the middle the camera must be in a direction to see everything.
  needed(direction) {
    const across = new THREE.Vector3(direction.z, 0, -direction.x).normalize(), up = new THREE.Vector3().crossVectors(direction, across);
    const high = Math.tan(this.camera.fov * Math.PI / 360), wide = high * this.camera.aspect, one = new THREE.Vector3();
    const edge = 0.6 * this.usual;
    let far = 0;
    for (let k = 0; k < this.count; k++) {
      one.fromArray(this.positions, 3 * k).sub(this.middle);
      far = Math.max(far, one.dot(direction) + Math.max((Math.abs(one.dot(across)) + edge) / wide, (Math.abs(one.dot(up)) + edge) / high));
    }
    return Math.max(1.08 * far, 0.5 * this.distance(this.reach));
  }

  // Bring some pictures into view.
  visit(members) {
    const centre = new THREE.Vector3(), one = new THREE.Vector3();
    for (const k of members) centre.add(one.fromArray(this.positions, 3 * k));
    centre.divideScalar(members.length || 1);
    const away = members.map(k => one.fromArray(this.positions, 3 * k).distanceTo(centre)).sort((a, b) => a - b);
    const reach = away[Math.floor(0.9 * (away.length - 1))] || 0;
    this.go(centre, this.distance(Math.max(reach + this.least, 3 * this.least, 0.02 * this.reach)), true);
  }

  go(target, far, smoothly, from = new THREE.Vector3().subVectors(this.camera.position, this.controls.target)) {
    this.untouched = false;
    const end = from.normalize().multiplyScalar(far).add(target);
    const move = [[this.camera.position, end], [this.controls.target, target]].map(([what, to]) => [what, what.clone(), to.clone()]);
    const begun = performance.now();
    this.fly = now => {
      const part = smoothly && !still() ? Math.min(Math.max((now - begun) / 500, 0), 1) : 1, eased = part * part * (3 - 2 * part);
      for (const [what, before, after] of move) what.lerpVectors(before, after, eased);
      if (part === 1) this.fly = null;
      else queueMicrotask(() => this.request());
    };
    this.request();
  }

  // Turn by angles in radians, and zoom by a factor.
  turn(across, up) {
    this.untouched = false;
    const from = new THREE.Vector3().subVectors(this.camera.position, this.controls.target);
    const away = from.length(), high = Math.min(Math.max(Math.acos(from.y / away) - up, 0.05), Math.PI - 0.05);
    const round = Math.atan2(from.x, from.z) + across;
    from.set(Math.sin(high) * Math.sin(round), Math.cos(high), Math.sin(high) * Math.cos(round)).multiplyScalar(away);
    this.camera.position.addVectors(this.controls.target, from);
    this.request();
  }

  zoom(factor) {
    this.untouched = false;
    this.camera.position.sub(this.controls.target).multiplyScalar(factor).add(this.controls.target);
    this.request();
  }
}

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
