import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// Started by the bench `lambda-bundles`, once per measurement: what a cold start does after Lambda has started Node.

const began = performance.now();
const { handler } = await import(pathToFileURL(join(process.argv[2] ?? '', 'index.mjs')).href);
// Everything that a first call makes is made, and then the input is refused: nobody is asked for anything.
const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 };
await handler({}, context).catch(() => undefined);
process.stdout.write(`\n${performance.now() - began}\n`);
process.exit();
