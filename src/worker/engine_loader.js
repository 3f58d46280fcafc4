// The worker's script. The page sends the compiled module first, and hears from the engine itself from there on.
import init from './engine.js';

onmessage = ({ data }) => {
  onmessage = null;
  init({ module_or_path: data }).catch((error) => postMessage({ broken: String(error?.message ?? error) }));
};
