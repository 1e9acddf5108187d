import { MemoryBucket } from '../../../lib/core/stores/memory-bucket.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { storeSuite } from '../../conformance/store-suite.ts';

const traits = { flatKeys: true, checksParts: true, keepsAttributes: true };

for (const options of [{}, { partSize: 100_000, rereadable: true }, { partSize: 262_144, sequential: true }]) {
  const make = async () => {
    const bucket = new MemoryBucket();
    return { open: () => new MemoryStore({ ...options, bucket }), close: async () => {} };
  };
  storeSuite(`a memory store with ${JSON.stringify(options)}`, make, traits);
}
