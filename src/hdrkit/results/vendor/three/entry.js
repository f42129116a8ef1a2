export {
  InstancedBufferAttribute, InstancedBufferGeometry, BufferAttribute, Color, DynamicDrawUsage, GLSL3, LinearMipmapLinearFilter, Mesh,
  PerspectiveCamera, RawShaderMaterial, Scene, Texture, Vector3, WebGLRenderer,
} from "three";
export { OrbitControls } from "three/addons/controls/OrbitControls.js";
