import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

// Preloaded (`node --import`) into a process that is to be on another machine: nobody there can tell whether a
// process of this one still lives.

os.hostname = () => process.env.WEIGHBRIDGE_TEST_HOST ?? 'elsewhere';
syncBuiltinESMExports();
