import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  deploymentSchema,
  runtimeConfiguration,
  runtimeConfigurationSchema,
} from '../../lib/contract/cloud/deployment.ts';
import { bundlesFolder } from '../../lib/infra/handler-bundle.ts';
import { HandlerFunction, type HandlerFunctionProps } from '../../lib/infra/handler-function.ts';
import { emptyBundles } from './pipeline-stack.ts';
import { resourcesOf } from './policies.ts';

let bundles: string;
let work: string;

beforeAll(() => {
  bundles = emptyBundles();
  work = mkdtempSync(join(tmpdir(), 'weighbridge-test-'));
  // So that temporary folders of others are not taken for ours.
  vi.stubEnv('TMPDIR', work);
});
afterAll(() => {
  vi.unstubAllEnvs();
  for (const folder of [bundles, work]) rmSync(folder, { recursive: true });
});

const configurationOf = (cloud: object) => runtimeConfiguration(deploymentSchema.parse({ environment: null, cloud }));

function make(more: Partial<HandlerFunctionProps> = {}, context: Record<string, unknown> = {}) {
  const app = new App({ outdir: mkdtempSync(join(work, 'out-')), context, analyticsReporting: false });
  const stack = new Stack(app, 'Stack');
  new HandlerFunction(stack, 'One', {
    handler: 'report',
    description: 'Reports',
    configuration: configurationOf({}),
    bundles,
    ...more,
  });
  const template = Template.fromStack(stack);
  const [resource] = resourcesOf(template, 'AWS::Lambda::Function').values();
  if (resource === undefined) throw new Error('there is no function');
  return { template, properties: resource.Properties, outdir: app.outdir };
}

/** What a zip of the function would hold. */
function codeIn(outdir: string): Record<string, string> {
  const assets = readdirSync(outdir).filter((name) => name.startsWith('asset.'));
  expect(assets).toHaveLength(1);
  const folder = join(outdir, String(assets[0]));
  return Object.fromEntries(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}

const leftBehind = () => readdirSync(work).filter((name) => name.startsWith('weighbridge-report-'));

describe('a function of the project', () => {
  it('is its prebuilt bundle with the configuration beside it', () => {
    const configuration = configurationOf({ name: 'weights', pipeline: { memory: 2048 } });
    const { outdir } = make({ configuration });
    const { 'deployment.json': deployment, ...code } = codeIn(outdir);
    expect(code).toEqual({ 'index.mjs': "export const handler = async () => 'report';\n" });
    expect(runtimeConfigurationSchema.parse(JSON.parse(String(deployment)))).toEqual(configuration);
    expect(leftBehind()).toEqual([]);
  });

  it('is other code when the configuration is another, and the same when it is the same', () => {
    const key = (cloud: object) =>
      (make({ configuration: configurationOf(cloud) }).properties.Code as { S3Key: string }).S3Key;
    expect(key({})).toBe(key({}));
    expect(key({})).not.toBe(key({ name: 'other' }));
  });

  it('keeps its code for a command line that reads it later, with --no-staging', () => {
    make({}, { 'aws:cdk:disable-asset-staging': true });
    const kept = leftBehind();
    expect(kept.map((name) => readdirSync(join(work, name)))).toEqual([['deployment.json', 'index.mjs']]);
  });

  it('runs on Node 24 and arm64, with a core, a quarter of an hour and no traces', () => {
    const { properties } = make();
    expect(properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 1769,
      Timeout: 900,
    });
    expect(properties.TracingConfig).toBeUndefined();
  });

  it('takes other settings', () => {
    const { template, properties } = make({
      architecture: lambda.Architecture.X86_64,
      memory: 512,
      timeout: Duration.seconds(10),
      logRetention: logs.RetentionDays.ONE_DAY,
      roleName: 'named',
      environment: { WEIGHBRIDGE_STATE_BUCKET: 'state' },
    });
    expect(properties).toMatchObject({
      Architectures: ['x86_64'],
      MemorySize: 512,
      Timeout: 10,
      Environment: { Variables: { WEIGHBRIDGE_STATE_BUCKET: 'state' } },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 1 });
    template.hasResourceProperties('AWS::IAM::Role', { RoleName: 'named' });
  });

  it('may write to its own log group and do nothing else', () => {
    const { template } = make();
    const [role] = resourcesOf(template, 'AWS::IAM::Role').values();
    expect(role?.Properties.ManagedPolicyArns).toBeUndefined();
    const [logGroup] = resourcesOf(template, 'AWS::Logs::LogGroup').keys();
    template.resourceCountIs('AWS::IAM::Policy', 1);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          {
            Sid: 'WriteLogs',
            Effect: 'Allow',
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: { 'Fn::GetAtt': [logGroup, 'Arn'] },
          },
        ],
      },
    });
    template.hasResourceProperties('AWS::Lambda::Function', { LoggingConfig: { LogGroup: { Ref: logGroup } } });
  });

  it('that was not built is an error which says how to build it', () => {
    expect(() => make({ bundles: work })).toThrow(
      `The bundle of the function \`report\` is missing in ${work}: run \`npm run build:lambda\`.`,
    );
  });

  it('is looked for in dist/lambda, from the checkout and from the package', () => {
    const at = (path: string) => pathToFileURL(join('/somewhere', path)).href;
    expect(bundlesFolder(at('lib/infra/handler-bundle.ts'))).toBe('/somewhere/dist/lambda/');
    expect(bundlesFolder(at('dist/lib/infra/handler-bundle.js'))).toBe('/somewhere/dist/lambda/');
  });
});
