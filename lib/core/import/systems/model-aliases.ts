import { looseFields } from '../../manifest/manifest-document.ts';
import type { ImportPorts } from '../import-ports.ts';
import type { ImportSetting } from '../importer.ts';
import { notOfFormat, readInput } from '../read-input.ts';
import type { FindingList } from './finding-list.ts';
import { jsonValue } from './json-document.ts';

export const aliasesSetting: ImportSetting = {
  name: 'aliases',
  summary: 'file of older model ids: {"aliases": {"old": "new"}}',
  required: false,
};

/** Older ids of models. */
export class ModelAliases {
  readonly #current: ReadonlyMap<string, string>;

  constructor(current: ReadonlyMap<string, string>) {
    this.#current = current;
  }

  /** The id that a model has now; follows renames of renames. */
  currentOf(id: string): string {
    let now = id;
    // As many steps as there are names: more would be a circle.
    for (let step = 0; step < this.#current.size; step += 1) {
      const next = this.#current.get(now);
      if (next === undefined) return now;
      now = next;
    }
    return now;
  }

  /** Every older id of a model. */
  olderOf(id: string): string[] {
    return [...this.#current.keys()].filter((older) => older !== id && this.currentOf(older) === id);
  }
}

/**
 * The file of aliases, or none.
 * @throws UsageError when it cannot be read; InvalidFile when it is no such file
 */
export async function readModelAliases(
  file: string | undefined,
  ports: ImportPorts,
  findings: FindingList,
): Promise<ModelAliases> {
  if (file === undefined) return new ModelAliases(new Map());
  const { name, text } = await readInput(file, ports.cwd);
  const { aliases } = looseFields(jsonValue(text, name, findings));
  if (typeof aliases !== 'object' || aliases === null || Array.isArray(aliases)) {
    throw notOfFormat(name, 'not a file of aliases: it has no object "aliases"');
  }
  const pairs = Object.entries(aliases).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return new ModelAliases(new Map(pairs));
}
