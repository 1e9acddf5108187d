import * as z from 'zod';
import { artifactSchema } from './artifact-schema.ts';

/** Keeps every manifest within what the reader of its text allows. */
export const maximumArtifacts = 25_000;

export const collectionPattern = /^[a-z0-9][a-z0-9._-]{0,126}$/u;
export const tagPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u;

const gate = z
  .strictObject({
    file: z.string().describe('The file of this release that is read; at most 1 MiB of JSON or YAML.'),
    path: z.string().optional().describe('Where in that file the value is: names joined by dots.'),
    exists: z.boolean().optional(),
    equals: z.unknown().optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    length: z.int().nonnegative().optional(),
    matches: z.string().optional().describe('A regular expression that the value must match.'),
    sameAs: z.strictObject({ file: z.string(), path: z.string() }).optional(),
    version: z.literal(true).optional().describe("The value must be this release's version."),
    none: z.string().optional().describe('A pattern that must not occur.'),
    nearSize: z.strictObject({ of: z.string(), percent: z.number().positive() }).optional(),
    level: z.enum(['error', 'warn']).optional(),
  })
  .describe('Refuses to publish unless a file of the release says what is expected.');

const companion = z
  .strictObject({
    format: z.enum(['sha256sums', 'pooch', 'riva-artifact', 'riva-marker']),
    file: z.string().describe('Its path inside the release.'),
  })
  .describe('One more generated file of the release.');

/** The shape of a manifest file. What it cannot say (names that collide, sources, versions) is checked after it. */
export const manifestSchema = z
  .strictObject({
    weighbridge: z.literal(1).describe('The version of this format: 1.'),
    collection: z
      .string()
      .regex(
        collectionPattern,
        'write lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 127 characters',
      )
      .describe('The name of the set of artifacts that is released together; the first part of every key.'),
    version: z
      .string()
      .min(1, 'the version is empty; write one such as 1.0.0')
      .max(200, 'a version has at most 200 characters')
      .describe(
        'The version of this release: semver without build metadata, or any tag with `versioning: tag`. Quote it when it looks like a number ("1.10").',
      ),
    versioning: z
      .enum(['semver', 'tag'])
      .optional()
      .describe('How versions of this collection are written and ordered: `semver` (default) or `tag`.'),
    access: z
      .enum(['public', 'private'])
      .describe('Who may read the whole release. Public and private releases live in different stores.'),
    license: z
      .string()
      .max(1000)
      .optional()
      .describe('An SPDX licence expression, such as `MIT` or `Apache-2.0 OR MIT`; `LicenseRef-…` for others.'),
    homepage: z.string().max(2000).optional().describe('An https:// page about these models.'),
    description: z.string().max(10_000).optional().describe('What this is, for people.'),
    metadata: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Any JSON of at most 64 KiB, carried unread into the release record.'),
    artifacts: z
      .array(artifactSchema)
      .min(1, 'a manifest names at least one artifact')
      .max(maximumArtifacts, `a manifest names at most ${maximumArtifacts} artifacts; split the collection`)
      .describe('The files of this release.'),
    companions: z.array(companion).optional().describe('More generated files, for programs that look for them.'),
    gates: z.array(gate).optional().describe("Refuse to publish unless the release's own files say so."),
    notes: z
      .union([z.string(), z.strictObject({ template: z.string().optional(), changelog: z.string().optional() })])
      .optional()
      .describe('The changelog whose section about this version becomes the release notes.'),
  })
  .meta({
    title: 'Weighbridge manifest',
    description:
      'One collection of model files at one version: what they are, where they come from, and what their bytes must be.',
  });
