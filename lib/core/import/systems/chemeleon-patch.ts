import { isMap } from 'yaml';
import { fieldEdits } from '../../lock/map-edits.ts';
import { applyEdits, type TextEdit } from '../../lock/text-edit.ts';
import { looseFields } from '../../manifest/manifest-document.ts';
import { YamlText } from '../../manifest/yaml-text.ts';
import type { RegistryPatch } from '../importer.ts';
import { notOfFormat } from '../read-input.ts';

/**
 * Sets `sha256` of the entries that were published. Their `hf_path` stays: it is where programs find the file below
 * their folder, and the repository of the list has not moved.
 */
export const chemeleonPatch: RegistryPatch = {
  apply(text, publications) {
    const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
    const source = YamlText.decode(text, 'the checkpoint list');
    const { document } = source;
    const checkpoints = document.get('checkpoints');
    if (!isMap(checkpoints)) {
      throw notOfFormat('the checkpoint list', 'not a checkpoint list: it has no mapping "checkpoints"');
    }
    const values = looseFields(looseFields(document.toJS()).checkpoints);
    const edits: TextEdit[] = [];
    const changed = new Set<string>();
    const unknown: string[] = [];
    for (const { id, sha256 } of publications) {
      const entry = checkpoints.get(id);
      if (!isMap(entry)) unknown.push(id);
      else if (looseFields(values[id]).sha256 !== sha256 && !changed.has(id)) {
        const found = fieldEdits(source.text, entry, [{ key: 'sha256', value: sha256 }]);
        if (found === undefined) {
          throw notOfFormat(
            'the checkpoint list',
            `the entry ${id} is written in a way that cannot be edited in place`,
          );
        }
        edits.push(...found);
        changed.add(id);
      }
    }
    return { text: mark + applyEdits(source.text, edits), changed: [...changed], unknown };
  },
};
