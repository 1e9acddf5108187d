import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { clientSettings } from '../cloud/client-settings.ts';
import { deployTemplate } from '../cloud/deploy-template.ts';
import { functionProcesses } from '../cloud/function-processes.ts';
import { waitForProcessEnd } from '../cloud/wait-for-process-end.ts';
import { inlineFunction } from './ministack/inline-function.ts';
import { lacksAwsEmulator } from './running-servers.ts';
import { type AwsEmulator, startAwsEmulator } from './start-aws-emulator.ts';

const script =
  'exports.handler = async () => ({ endpoint: process.env.AWS_ENDPOINT_URL, who: process.env.WHO ?? null })';

async function calledIn(emulator: AwsEmulator): Promise<unknown> {
  const cloudFormation = new CloudFormationClient(clientSettings(emulator));
  const lambda = new LambdaClient(clientSettings(emulator));
  await deployTemplate(cloudFormation, 'same', { Resources: inlineFunction('Same', script) });
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: 'Same' }));
  cloudFormation.destroy();
  lambda.destroy();
  return JSON.parse(Payload?.transformToString() ?? '');
}

describe.skipIf(lacksAwsEmulator())('emulators of MiniStack', () => {
  it('run beside each other, keep to their folders, and leave nothing behind', async () => {
    const before = await readdir(tmpdir());
    const emulators = await Promise.all([startAwsEmulator(), startAwsEmulator({ auth: true })]);
    const processes: number[] = [];
    try {
      for (const emulator of emulators) {
        expect(await calledIn(emulator)).toEqual({ endpoint: emulator.url, who: null });
        processes.push(...(await functionProcesses(emulator, 'Same')).map(({ pid }) => pid));
      }
      expect(new Set(processes).size).toBe(2);
      const made = (await readdir(tmpdir())).filter((name) => !before.includes(name) && /ministack/.test(name));
      expect(made.every((name) => name.startsWith('weighbridge-server-ministack-'))).toBe(true);
    } finally {
      await Promise.all(emulators.map((emulator) => emulator.stop()));
    }
    expect(emulators.some(({ folder }) => existsSync(folder))).toBe(false);
    await Promise.all(processes.map(waitForProcessEnd));
  });

  it('are not started without a patch that does not exist', async () => {
    await expect(startAwsEmulator({ without: ['nonsense'] })).rejects.toThrow(
      /--without with one of .*distributed_map/,
    );
  });
});
