import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { IAMClient } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientSettings } from '../../cloud/client-settings.ts';
import { createRole } from '../../cloud/create-role.ts';
import { createUser } from '../../cloud/create-user.ts';
import { deployTemplate } from '../../cloud/deploy-template.ts';
import { lacksAwsEmulator } from '../running-servers.ts';
import type { S3Credentials } from '../server-access.ts';
import { type AwsEmulator, startAwsEmulator } from '../start-aws-emulator.ts';
import { inlineFunction } from './inline-function.ts';

const script = 'exports.handler = async (event) => event.requestContext.authorizer?.iam ?? { nobody: true };';

const other = '222233334444';

function apiTemplate() {
  const ref = (name: string) => ({ Ref: name });
  const route = (path: string, AuthorizationType: string) => ({
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      ApiId: ref('Api'),
      RouteKey: `ANY ${path}/{proxy+}`,
      AuthorizationType,
      Target: { 'Fn::Join': ['/', ['integrations', ref('Integration')]] },
    },
  });
  return {
    Resources: {
      ...inlineFunction('Answer', script),
      Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } },
      Stage: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: { ApiId: ref('Api'), StageName: '$default', AutoDeploy: true },
      },
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          ...{ ApiId: ref('Api'), IntegrationType: 'AWS_PROXY', PayloadFormatVersion: '2.0' },
          IntegrationUri: { 'Fn::GetAtt': ['Answer', 'Arn'] },
        },
      },
      Permission: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          ...{ Action: 'lambda:InvokeFunction', Principal: 'apigateway.amazonaws.com' },
          FunctionName: { 'Fn::GetAtt': ['Answer', 'Arn'] },
        },
      },
      Open: route('/v1', 'NONE'),
      Signed: route('/iam/v1', 'AWS_IAM'),
    },
    Outputs: { Api: { Value: ref('Api') } },
  };
}

interface Asked {
  readonly path?: string;
  readonly signedPath?: string;
  readonly region?: string;
  readonly service?: string;
  readonly body?: string;
  readonly sentBody?: string;
  readonly signingDate?: Date;
}

describe.skipIf(lacksAwsEmulator()).each([true, false])(
  'an IAM authoriser of MiniStack, policies evaluated: %s',
  (auth) => {
    let emulator: AwsEmulator;
    let api: string;
    let user: S3Credentials;
    let foreigner: S3Credentials;

    beforeAll(async () => {
      emulator = await startAwsEmulator({ auth });
      const cloudFormation = new CloudFormationClient(clientSettings(emulator));
      const { Api = '' } = await deployTemplate(cloudFormation, 'api', apiTemplate());
      cloudFormation.destroy();
      api = `/_aws/execute-api/${Api}/$default`;
      const invoke = {
        Effect: 'Allow' as const,
        Action: ['execute-api:Invoke'],
        Resource: [`arn:aws:execute-api:${emulator.region}:${emulator.account}:${Api}/$default/GET/iam/v1/*`],
      };
      const assume = { Effect: 'Allow' as const, Action: ['sts:AssumeRole', 'execute-api:Invoke'], Resource: ['*'] };
      const own = new IAMClient(clientSettings(emulator));
      user = await createUser(own, 'asker', [invoke]);
      await createRole(own, 'consumer', other, [invoke]);
      await createRole(own, 'bystander', other, []);
      const foreign = new IAMClient({
        ...clientSettings(emulator),
        credentials: { accessKeyId: other, secretAccessKey: 'test' },
      });
      foreigner = await createUser(foreign, 'stranger', [assume]);
      own.destroy();
      foreign.destroy();
    });

    afterAll(async () => {
      await emulator?.stop();
    });

    async function ask(credentials: S3Credentials | undefined, asked: Asked = {}): Promise<readonly [number, unknown]> {
      const { path = '/iam/v1/x%20y?a=1&b=2', body, region = emulator.region, service = 'execute-api' } = asked;
      const method = body === undefined ? 'GET' : 'POST';
      const url = new URL(`${emulator.url}${api}${path}`);
      const signedUrl = new URL(`${emulator.url}${api}${asked.signedPath ?? path}`);
      const signer =
        credentials &&
        new SignatureV4({ credentials: { ...credentials }, region, service, sha256: Hash.bind(null, 'sha256') });
      const signed = await signer?.sign(
        {
          ...{ method, protocol: 'http:', hostname: url.hostname, path: signedUrl.pathname },
          query: Object.fromEntries(signedUrl.searchParams),
          headers: { host: url.host },
          ...(body === undefined ? {} : { body }),
        },
        { signingDate: asked.signingDate ?? new Date() },
      );
      const { host: _, ...headers } = signed?.headers ?? {};
      const answer = await fetch(url, { method, headers, body: asked.sentBody ?? body ?? null });
      return [answer.status, await answer.json()];
    }

    async function session(RoleName: string): Promise<S3Credentials & { readonly sessionToken: string }> {
      const sts = new STSClient({ ...clientSettings(emulator), credentials: foreigner });
      const RoleArn = `arn:aws:iam::${emulator.account}:role/${RoleName}`;
      const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'job' }));
      sts.destroy();
      const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
      return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    }

    it('says who has signed', async () => {
      expect(await ask(user)).toEqual([
        200,
        expect.objectContaining({
          accountId: emulator.account,
          userArn: `arn:aws:iam::${emulator.account}:user/asker`,
          accessKey: user.accessKeyId,
        }),
      ]);
      expect(await ask(emulator.credentials)).toEqual([
        200,
        expect.objectContaining({ userArn: `arn:aws:iam::${emulator.account}:root` }),
      ]);
    });

    it('lets a principal of another account in by a role of this one', async () => {
      expect(await ask(await session('consumer'))).toEqual([
        200,
        expect.objectContaining({
          accountId: emulator.account,
          userArn: `arn:aws:sts::${emulator.account}:assumed-role/consumer/job`,
          callerId: expect.stringMatching(/^AROA[A-Z0-9]+:job$/),
        }),
      ]);
    });

    it('lets a principal of another account in by nothing else, whatever its own account allows', async () => {
      expect((await ask(foreigner))[0]).toBe(403);
      expect((await ask({ accessKeyId: other, secretAccessKey: 'test' }))[0]).toBe(403);
    });

    it('refuses who has not signed, and leaves routes without it alone', async () => {
      expect(await ask(undefined)).toEqual([403, { message: 'Forbidden' }]);
      expect(await ask(undefined, { path: '/v1/x' })).toEqual([200, { nobody: true }]);
      const bearer = await fetch(`${emulator.url}${api}/iam/v1/x`, { headers: { authorization: 'Bearer abc' } });
      expect([bearer.status, await bearer.json()]).toEqual([403, { message: 'Forbidden' }]);
    });

    it.each<[string, Asked]>([
      ['another path', { signedPath: '/iam/v1/other' }],
      ['another query', { signedPath: '/iam/v1/x%20y?a=1' }],
      ['another service', { service: 's3' }],
      ['another region', { region: 'eu-central-1' }],
      ['another time', { signingDate: new Date(Date.now() - 10 * 60_000) }],
      ['another body', { body: 'one', sentBody: 'two' }],
    ])('refuses a signature of %s', async (_, asked) => {
      expect((await ask(emulator.credentials, asked))[0]).toBe(403);
    });

    it('takes a signed body', async () => {
      expect((await ask(emulator.credentials, { body: '{"a":1}' }))[0]).toBe(200);
    });

    it('refuses a wrong secret, an unknown key, and a session without its token', async () => {
      const consumer = await session('consumer');
      for (const wrong of [
        { ...user, secretAccessKey: 'wrong' },
        { ...emulator.credentials, secretAccessKey: 'wrong' },
        { accessKeyId: 'AKIAUNKNOWN000000000', secretAccessKey: 'wrong' },
        { ...consumer, secretAccessKey: 'wrong' },
        { accessKeyId: consumer.accessKeyId, secretAccessKey: consumer.secretAccessKey },
        { ...consumer, sessionToken: 'wrong' },
      ]) {
        expect((await ask(wrong))[0]).toBe(403);
      }
    });

    it.runIf(auth)('refuses who may not invoke this route, where policies count', async () => {
      expect((await ask(await session('bystander')))[0]).toBe(403);
      expect((await ask(user, { body: 'x' }))[0]).toBe(403);
    });
  },
);
