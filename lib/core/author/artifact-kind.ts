import { posix } from 'node:path';

const byExtension: Readonly<Record<string, string>> = {
  safetensors: 'checkpoint',
  ckpt: 'checkpoint',
  pt: 'checkpoint',
  pth: 'checkpoint',
  bin: 'checkpoint',
  gguf: 'checkpoint',
  ggml: 'checkpoint',
  onnx: 'checkpoint',
  h5: 'checkpoint',
  hdf5: 'checkpoint',
  keras: 'checkpoint',
  pb: 'checkpoint',
  tflite: 'checkpoint',
  msgpack: 'checkpoint',
  npz: 'checkpoint',
  pkl: 'checkpoint',
  joblib: 'checkpoint',
  mlmodel: 'checkpoint',
  hef: 'checkpoint',
  riva: 'checkpoint',
  nemo: 'checkpoint',
  engine: 'checkpoint',
  spm: 'tokenizer',
  tiktoken: 'tokenizer',
  yaml: 'config',
  yml: 'config',
  toml: 'config',
  gz: 'archive',
  tgz: 'archive',
  tar: 'archive',
  zip: 'archive',
  zst: 'archive',
};

const tokenizerFile =
  /^(?:tokenizer.*|.*tokenizer\.model|vocab\..*|merges\.txt|spiece\.model|special_tokens_map\.json|added_tokens\.json|chat_template\..*)$/i;
const configFile = /^(?:.*config\.json|hparams\..*|params\.json|.*\.cfg|.*\.ini)$/i;

/** What a file most likely is, from its name alone; the author may write another word. */
export function guessKind(file: string): string {
  const name = posix.basename(file);
  if (tokenizerFile.test(name)) return 'tokenizer';
  if (configFile.test(name)) return 'config';
  const extension = posix.extname(name).slice(1).toLowerCase();
  return byExtension[extension] ?? 'metadata';
}
