import * as z from 'zod';

export const idPattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/u;
const idMessage =
  'write letters, digits, ".", "_", "+" and "-", beginning with a letter or digit, at most 128 characters';
const id = z.string().regex(idPattern, idMessage);

const unpack = z
  .strictObject({
    include: z.array(z.string()).optional().describe('Patterns of the members that are wanted; all, when absent.'),
    require: z.array(z.string()).optional().describe('Patterns that must each match a member.'),
    into: z.string().optional().describe('The folder of the release that members go into.'),
    strip: z.int().nonnegative().optional().describe('How many leading folders are cut off member names.'),
    primary: z.enum(['largest', 'first']).optional().describe('Which member counts as the model.'),
    keepArchive: z.boolean().optional().describe('Is the archive itself a file of the release too?'),
    members: z.array(z.unknown()).optional().describe('Written by `weighbridge lock`.'),
  })
  .describe('Unpacks an archive into the release.');

export const artifactSchema = z
  .strictObject({
    id: id.describe('The name programs ask for; unique in the manifest.'),
    aliases: z
      .array(id)
      .max(100, 'an artifact has at most 100 aliases')
      .optional()
      .describe('Older ids under which this artifact is found too.'),
    kind: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u,
        'write one word of letters, digits, ".", "_" and "-", at most 64 characters',
      )
      .optional()
      .describe('What it is: checkpoint, config, tokenizer, metadata, or any other word. Default: file.'),
    file: z
      .string()
      .optional()
      .describe('Its path inside the release, with `/`. May be left out only when all sources end in one name.'),
    source: z
      .string()
      .optional()
      .describe(
        'Where the bytes come from: https://…, hf://owner/repo@revision/path, github://owner/repo@tag/asset, s3://bucket/key, gs://bucket/key, or file:path below the folder of this file.',
      ),
    sources: z
      .array(z.string())
      .max(32, 'an artifact has at most 32 sources')
      .optional()
      .describe('The same for several sources, tried in this order.'),
    sha256: z
      .string()
      .regex(/^[0-9A-Fa-f]{64}$/u)
      .optional()
      .describe('The SHA-256 that the bytes must have: 64 hex digits. `weighbridge lock` writes it.'),
    size: z.int().nonnegative().optional().describe('Bytes. `weighbridge lock` writes it.'),
    digestFrom: z
      .enum(['declared', 'upstream', 'computed'])
      .optional()
      .describe('Where the digest is from; written by `weighbridge lock`. Default: declared.'),
    required: z
      .boolean()
      .optional()
      .describe(
        'Default true. An artifact with `required: false` may fail without failing the release, and then stays missing in this version.',
      ),
    labels: z.record(z.string(), z.string()).optional().describe('Words to find it by: text by name.'),
    metadata: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Any JSON of at most 64 KiB, carried unread into the release record.'),
    mode: z
      .enum(['copy', 'reference'])
      .optional()
      .describe('How it is mirrored. Default: copy, which brings the bytes into the mirror.'),
    unpack: unpack.optional(),
  })
  .describe('One file of the release.');
