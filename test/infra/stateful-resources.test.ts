import { describe, expect, it } from 'vitest';
import { everything } from './example-configurations.ts';
import stateful from './stateful-resources.json' with { type: 'json' };
import { statefulResources } from './stateful-resources.ts';

describe('an upgrade', () => {
  // Whoever has to change the list in `stateful-resources.json` writes into CHANGELOG.md what users must do.
  it('keeps every resource that holds something, under its logical id, and replaces none', () => {
    expect(statefulResources(everything)).toEqual(stateful);
  });

  it('keeps what the defaults make, under the same logical ids', () => {
    const ids = Object.keys(statefulResources(''));
    expect(ids.length).toBeGreaterThan(5);
    expect(ids.filter((id) => !(id in stateful))).toEqual([]);
  });

  it('finds in the list every bucket and key, each with a name and a fate that adopts or keeps it', () => {
    const kept = Object.entries<Record<string, string>>(stateful).filter(([, { Type }]) =>
      ['AWS::S3::Bucket', 'AWS::KMS::Key'].includes(Type ?? ''),
    );
    expect(kept).toHaveLength(5);
    for (const [id, resource] of kept) {
      expect([id, resource]).toEqual([
        id,
        expect.objectContaining({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' }),
      ]);
    }
  });
});
