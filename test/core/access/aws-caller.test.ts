import { describe, expect, it } from 'vitest';
import { awsCaller, type ConsumerRoles } from '../../../lib/core/access/aws-caller.ts';

const own = '111122223333';
const other = '444455556666';
const consumers: ConsumerRoles = {
  account: own,
  roles: new Map([['mirror-consumer-444455556666-eu-central-1', other]]),
};
const consumer = 'mirror-consumer-444455556666-eu-central-1';

function callerOf(userArn: string, accountId = userArn.split(':')[4] ?? '') {
  return awsCaller({ accountId, userArn }, consumers);
}

describe('whom a signed request comes from', () => {
  it('is the role of a session, whatever the session is called', () => {
    for (const session of ['ci', 'i-0abc', 'someone@example.org', 'root', consumer]) {
      expect(callerOf(`arn:aws:sts::${own}:assumed-role/training/${session}`)).toEqual({
        kind: 'aws',
        account: own,
        arn: `arn:aws:iam::${own}:role/training`,
      });
    }
  });

  it('is a user by name, without the path that a policy could not know of a role either', () => {
    const found = { kind: 'aws', account: own, arn: `arn:aws:iam::${own}:user/ann` };
    expect(callerOf(`arn:aws:iam::${own}:user/ann`)).toEqual(found);
    expect(callerOf(`arn:aws:iam::${own}:user/division/team/ann`)).toEqual(found);
  });

  it('keeps the partition', () => {
    expect(callerOf(`arn:aws-us-gov:sts::${own}:assumed-role/ci/x`)).toMatchObject({
      arn: `arn:aws-us-gov:iam::${own}:role/ci`,
    });
    expect(callerOf(`arn:aws-cn:iam::${own}:user/ann`)).toMatchObject({ arn: `arn:aws-cn:iam::${own}:user/ann` });
  });

  it('is only the account for its root and for federated users', () => {
    const account = { kind: 'aws', account: own, arn: undefined };
    expect(callerOf(`arn:aws:iam::${own}:root`)).toEqual(account);
    expect(callerOf(`arn:aws:sts::${own}:federated-user/ann`)).toEqual(account);
  });

  it('is the other account behind the role that was made for it', () => {
    expect(callerOf(`arn:aws:sts::${own}:assumed-role/${consumer}/whatever`)).toEqual({
      kind: 'aws',
      account: other,
      arn: undefined,
    });
  });

  it('is nobody else for a role of that name in another account, or of nearly that name', () => {
    expect(callerOf(`arn:aws:sts::${other}:assumed-role/${consumer}/x`)).toEqual({
      kind: 'aws',
      account: other,
      arn: `arn:aws:iam::${other}:role/${consumer}`,
    });
    expect(callerOf(`arn:aws:sts::777788889999:assumed-role/${consumer}/x`)).toMatchObject({ account: '777788889999' });
    for (const name of [
      consumer.toUpperCase(),
      `${consumer}-2`,
      `x${consumer}`,
      'mirror-consumer-444455556667-eu-central-1',
    ]) {
      expect(callerOf(`arn:aws:sts::${own}:assumed-role/${name}/x`)).toMatchObject({
        account: own,
        arn: `arn:aws:iam::${own}:role/${name}`,
      });
    }
    expect(callerOf(`arn:aws:iam::${own}:user/${consumer}`)).toMatchObject({ account: own });
    expect(callerOf(`arn:aws:sts::${own}:assumed-role/constructor/x`)).toMatchObject({ account: own });
  });

  it('is nobody where account and ARN do not agree, or where no authoriser would say so', () => {
    expect(callerOf(`arn:aws:iam::${own}:user/ann`, other)).toBeUndefined();
    for (const arn of [
      '',
      'root',
      `arn:aws:iam::${own}:role/ci`,
      `arn:aws:iam::${own}:group/all`,
      `arn:aws:iam::${own}:user/`,
      `arn:aws:iam::${own}:user//ann`,
      `arn:aws:sts::${own}:assumed-role/ci`,
      `arn:aws:sts::${own}:assumed-role//x`,
      `arn:aws:sts::${own}:assumed-role/path/ci/x`,
      `arn:aws:sts::${own}:user/ann`,
      `arn:aws:s3::${own}:user/ann`,
      `arn:aws:iam:eu-central-1:${own}:user/ann`,
      `arn:aws:iam::${own}:user/an n`,
      `arn:aws:iam::${own}:user/ann\n`,
      `x arn:aws:iam::${own}:user/ann`,
    ]) {
      expect(callerOf(arn, own), arn).toBeUndefined();
    }
  });
});
