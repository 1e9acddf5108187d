import { posix } from 'node:path';
import { UsageError } from '../../errors.ts';
import type { ImportSetting } from '../importer.ts';
import { percentDecoded } from './percent-decoded.ts';

/** How files of models are called when they are published. */
export interface FileNaming {
  /** With `{model_id}` and `{ext}`. */
  readonly checkpoint: string;
  readonly config: string;
  /** Endings that weights keep, with their dot, exactly as spelled. */
  readonly extensions: readonly string[];
  /** The ending of weights that have another one. */
  readonly otherwise: string;
}

/** What the system itself does, with the endings that its later registries have. */
export const usualNaming: FileNaming = {
  checkpoint: '{model_id}{ext}',
  config: '{model_id}.yaml',
  extensions: ['.ckpt', '.pth', '.onnx', '.th', '.pt', '.safetensors', '.bin'],
  otherwise: '.ckpt',
};

export const extensionsSetting: ImportSetting = {
  name: 'extensions',
  summary: 'endings that weights keep, such as .ckpt,.pth; the first one stands for every other',
  required: false,
};

/**
 * The naming with the endings of the setting `extensions`, if it is given.
 * @throws UsageError for an ending without a dot
 */
export function namingWith(naming: FileNaming, extensions: string | undefined): FileNaming {
  if (extensions === undefined) return naming;
  const list = extensions.split(',').map((text) => text.trim());
  const wrong = list.find((text) => !/^\.[A-Za-z0-9_-]{1,16}(?:\.[A-Za-z0-9_-]{1,16})?$/u.test(text));
  if (wrong !== undefined) throw new UsageError('extensions is a list such as .ckpt,.pth,.onnx');
  return { ...naming, extensions: list, otherwise: list[0] ?? naming.otherwise };
}

/** The published name of a model's file. @param upstream the name that it has upstream, for its ending */
export function publishedName(naming: FileNaming, model: string, kind: string, upstream: string | undefined): string {
  const extension = upstream === undefined ? '' : posix.extname(upstream);
  const ext = naming.extensions.includes(extension) ? extension : naming.otherwise;
  const template = kind === 'config' ? naming.config : naming.checkpoint;
  if (kind !== 'config' && kind !== 'checkpoint') return `${model}.${kind}${extension}`;
  return template.replaceAll('{model_id}', () => model).replaceAll('{ext}', () => ext);
}

/** The last part of an address; undefined when it has none. */
export function addressFileName(address: string): string | undefined {
  const path = URL.parse(address)?.pathname ?? '';
  const name = percentDecoded(path.split('/').at(-1) ?? '');
  return name === '' || name === undefined ? undefined : name;
}
