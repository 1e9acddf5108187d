import { MemoryState } from '../../../lib/core/state/memory-state.ts';
import { stateSuite } from '../../conformance/state-suite.ts';

stateSuite('memory', async () => {
  const state = new MemoryState();
  return { open: () => state, close: async () => {} };
});
