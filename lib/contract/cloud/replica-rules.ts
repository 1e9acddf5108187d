import { z } from 'zod';
import { collectionPattern, coversCollection } from './publishers.ts';

/** A store that the deployment keeps besides the primary. */
export const replicaName = z.enum(['gcs']);
export type ReplicaName = z.infer<typeof replicaName>;

/** Which collections are copied where: egress costs more than everything else together, so nothing is unless named. */
export const replicaRulesSchema = z
  .array(
    z.strictObject({
      collections: z.array(collectionPattern).min(1).describe('Collections, or beginnings of names: falcon-*.'),
      to: z.array(replicaName).min(1).describe('Where their releases are copied to.'),
    }),
  )
  .default([]);

export type ReplicaRules = z.infer<typeof replicaRulesSchema>;

/** Where the releases of a collection are copied to. */
export function replicasOf(rules: ReplicaRules, collection: string): readonly ReplicaName[] {
  return [
    ...new Set(rules.filter(({ collections }) => coversCollection(collections, collection)).flatMap(({ to }) => to)),
  ];
}
