import { z } from 'zod';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { ProvenArtifact } from '../registry/release-draft.ts';
import type { ObjectProof } from '../stage/object-proofs.ts';
import type { ArtifactReport } from '../stage/report.ts';
import type { StagedArtifact } from '../stage/stage-artifact.ts';

const count = z.number().nonnegative();

const statSchema = z.object({
  key: z.string(),
  size: count,
  etag: z.string(),
  version: z.string().optional(),
  crc32c: z.string().optional(),
});

/** A report is written and read by this version alone, so its words are not checked again. */
const reportSchema = z.custom<ArtifactReport>(
  (value) => typeof value === 'object' && value !== null && 'id' in value && 'state' in value && 'attempts' in value,
);

export const provenSchema = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  stat: statSchema,
  crc32c: z.string().nullable(),
  origin: z.object({ source: z.string(), revision: z.string().nullable(), etag: z.string().nullable() }).nullable(),
  stagedAt: z.iso.datetime(),
});

/** What became of one artifact, as it is kept in the working state. */
export const stagedSchema = z.object({ report: reportSchema, proven: provenSchema.optional() });
export type StagedDocument = z.infer<typeof stagedSchema>;

export function toStagedDocument({ report, proven }: StagedArtifact): StagedDocument {
  if (proven === undefined) return { report };
  const { sha256, stat, crc32c, origin, stagedAt } = proven;
  const { key, size, etag, version, crc32c: stored } = stat;
  return {
    report,
    proven: {
      sha256: sha256.hex,
      stat: {
        key,
        size,
        etag,
        ...(version === undefined ? {} : { version }),
        ...(stored === undefined ? {} : { crc32c: stored }),
      },
      crc32c,
      origin,
      stagedAt: stagedAt.toISOString(),
    },
  };
}

/** With its specification again; undefined for what is not of this manifest. */
export function fromStagedDocument(
  { report, proven }: StagedDocument,
  specs: ReadonlyMap<string, ArtifactSpec>,
): StagedArtifact | undefined {
  const spec = specs.get(report.id);
  if (spec === undefined) return undefined;
  if (proven === undefined || spec.sha256?.hex !== proven.sha256) return { report, proven: undefined };
  const { sha256 } = spec;
  const whole: ProvenArtifact = { spec, sha256, ...restored(proven) };
  return { report, proven: whole };
}

export function toProof(proven: NonNullable<StagedDocument['proven']>): ObjectProof {
  return { sha256: proven.sha256, ...restored(proven) };
}

function restored({ stat, crc32c, origin, stagedAt }: NonNullable<StagedDocument['proven']>) {
  const { version, crc32c: stored, ...rest } = stat;
  return {
    stat: {
      ...rest,
      ...(version === undefined ? {} : { version }),
      ...(stored === undefined ? {} : { crc32c: stored }),
    },
    crc32c,
    origin,
    stagedAt: new Date(stagedAt),
  };
}
