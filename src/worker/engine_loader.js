// The worker's script. The page first sends the compiled module; from then on it talks to the engine itself.
import init from './engine.js';

onmessage = ({ data }) => {
  onmessage = null;
  init({ module_or_path: data }).catch((error) => postMessage({ broken: String(error?.message ?? error) }));
};
