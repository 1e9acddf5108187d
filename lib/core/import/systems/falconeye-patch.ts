import { looseFields } from '../../manifest/manifest-document.ts';
import type { RegistryPatch } from '../importer.ts';
import { notOfFormat } from '../read-input.ts';
import { JsonTextEdits } from './json-text-edits.ts';

/** Sets `url`, `size_mb`, `checksum` and `algorithm`; in a list of URLs only the fields that such a list has. */
export const falconeyePatch: RegistryPatch = {
  apply(text, publications) {
    const edits = new JsonTextEdits(text, 'the weights manifest');
    const { weights, ...head } = looseFields(edits.value);
    if (typeof weights !== 'object' || weights === null || Array.isArray(weights)) {
      throw notOfFormat('the weights manifest', 'not a weights manifest: it has no object "weights"');
    }
    const entries = looseFields(weights);
    const listOfUrls =
      !('version' in head) && !Object.values(entries).some((entry) => 'checksum' in looseFields(entry));
    const changed: string[] = [];
    const unknown: string[] = [];
    for (const { id, url, sha256, size } of publications) {
      const path = ['weights', id];
      if (!Object.hasOwn(entries, id) || !edits.isObject(path)) {
        unknown.push(id);
        continue;
      }
      const done = [edits.set([...path, 'url'], url)];
      const mebibytes = Math.round((size / (1024 * 1024)) * 100) / 100;
      done.push(edits.set([...path, 'size_mb'], mebibytes));
      if (!listOfUrls) done.push(edits.set([...path, 'checksum'], sha256), edits.set([...path, 'algorithm'], 'sha256'));
      if (edits.has([...path, 'size_bytes'])) done.push(edits.set([...path, 'size_bytes'], size));
      if (done.includes(true)) changed.push(id);
    }
    return { text: edits.text, changed, unknown };
  },
};
