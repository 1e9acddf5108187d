/**
 * The whole job on this machine, without any network: `npm run quickstart`.
 *
 * It makes a small model, serves it on 127.0.0.1, writes a manifest for it, and then runs the commands that you would
 * type. Everything stays below the current folder: ./quickstart has the manifest and what is pulled back, ./mirror
 * has the published release. Run it again: nothing is fetched twice, because a published release never changes.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { serveFiles } from './quickstart/serve-files.ts';
import { checkSums, say, weighbridge } from './quickstart/shell.ts';
import { manifestFor, smallModel } from './quickstart/small-model.ts';

const manifest = 'quickstart/tiny-detector-1.0.0.yaml';
const published = 'mirror/tiny-detector/1.0.0';
const again = existsSync(`${published}/release.json`);

const upstream = await serveFiles(smallModel());
try {
  say(`A small model is at ${upstream.origin}. One of its files has a dead link as first source.`);
  await mkdir('quickstart', { recursive: true });
  await writeFile(manifest, manifestFor(upstream.origin));
  say(`Its manifest is ${manifest}: names and sources, no digests yet.`);
  // Plain http and private addresses need the operator's word, on the command line and never in a manifest.
  const trusted = ['--trust-origin', upstream.origin];

  say('Is the manifest right?');
  await weighbridge('validate', manifest);

  say('Sizes and digests are obtained once and from then on demanded:');
  await weighbridge('lock', manifest, ...trusted);

  say('What would happen?');
  await weighbridge('plan', manifest, ...trusted);

  say(
    again ? 'It is published since an earlier run, so there is nothing to do:' : 'Fetch, prove, publish into ./mirror:',
  );
  await weighbridge('stage', manifest, ...trusted);

  say('What is in the mirror?');
  await weighbridge('ls');
  await weighbridge('ls', 'tiny-detector@1.0.0');

  say('Read all of it again and prove it:');
  await weighbridge('verify');

  say('Bring it to where it is used:');
  await weighbridge('pull', 'tiny-detector@1.0.0', '--into', 'quickstart/weights');

  say('And a stock tool agrees:');
  await checkSums(published);

  say(`Done. ${again ? 'Nothing was fetched twice.' : 'Run it again: nothing will be fetched twice.'}`);
} finally {
  await upstream.close();
}
