import type { FieldPath } from './field-path.ts';
import { manifestSchema } from './manifest-schema.ts';
import type { Finding } from './problem-list.ts';
import { versionProblem } from './release-name.ts';
import { type DocumentShape, schemaFindings } from './schema-findings.ts';
import { unsupportedFields } from './unsupported-fields.ts';
import { valueAt } from './value-at.ts';

/** Everything that the schema of manifests has against the value, in our words. */
export function shapeFindings(value: unknown): Finding[] {
  return schemaFindings(value, manifestShape);
}

const hints: Readonly<Record<string, string>> = {
  weighbridge: 'write `weighbridge: 1`',
  collection: 'name the collection, such as `collection: my-models`',
  version: 'write one such as `version: 1.0.0`',
  access: 'write `access: public` or `access: private`',
  artifacts: 'list the files of the release',
  id: 'every artifact has an id',
};

const manifestShape: DocumentShape = {
  schema: manifestSchema,
  notOne: 'a manifest is a list of fields with values, of which the first is `weighbridge: 1`',
  empty: 'the file is empty; a manifest begins with `weighbridge: 1`',
  missing: (path) => hints[String(path.at(-1) ?? '')],
  hides(field, path) {
    const of = path.length === 0 ? 'manifest' : 'artifact';
    return unsupportedFields.some((one) => one.of === of && one.field === field && one.value === undefined);
  },
  hidesValue: (value, path) => unsupportedFields.some((one) => one.field === path.at(-1) && one.value === value),
  message: (_issue, value, path, root) => numberAsVersion(path, value, root),
};

/** `version: 1.10` is wrong in two ways at once, and the author should learn of both. */
function numberAsVersion(path: FieldPath, value: unknown, root: unknown): Finding['message'] | undefined {
  if (path.length !== 1 || path[0] !== 'version' || typeof value !== 'number') return undefined;
  const versioning = valueAt(root, ['versioning']) === 'tag' ? 'tag' : 'semver';
  return (written) => {
    const more = versionProblem(written, versioning);
    return `YAML reads this as a number; quote it: "${written}"${more === undefined ? '' : ` (but ${more})`}`;
  };
}
