import type { FieldIssue } from '../field-issues.ts';
import type { Deployment } from './deployment.ts';
import { consumerRoleName, longestRegion, longestRoleName } from './resource-names.ts';

/** What does not go together in `cloud.access`, though each setting is right for itself. */
export function accessFindings({ cloud }: Deployment): FieldIssue[] {
  const { access } = cloud;
  if (access === undefined || access === false) return [];
  if (cloud.private === false) {
    return [finding([], 'there are no private releases to give out: cloud.private is false')];
  }
  if (access === true) return [];
  return [...consumerFindings(cloud, access.consumerAccounts), ...domainFindings(cloud, access.domain)];
}

function finding(path: FieldIssue['path'], message: string): FieldIssue {
  return { path: ['cloud', 'access', ...path], message, at: 'value' };
}

function consumerFindings(cloud: Deployment['cloud'], accounts: readonly string[]): FieldIssue[] {
  const place = { name: cloud.name, region: cloud.region ?? longestRegion };
  return accounts.flatMap((account, index) => {
    const path = ['consumerAccounts', index];
    const role = consumerRoleName(account, place, cloud.rolePrefix);
    return [
      ...(account === cloud.account
        ? [finding(path, 'this is the account of the deployment: its roles and users ask without a role made for them')]
        : []),
      ...(accounts.indexOf(account) < index ? [finding(path, 'this account is named twice')] : []),
      ...(role.length > longestRoleName
        ? [
            finding(
              path,
              `the name of a role would be ${role.length} characters long, ${longestRoleName} are allowed: ${role}`,
            ),
          ]
        : []),
    ];
  });
}

function domainFindings(
  { region }: Deployment['cloud'],
  domain: { readonly certificate: string } | undefined,
): FieldIssue[] {
  if (domain === undefined || region === undefined || domain.certificate.split(':')[3] === region) return [];
  return [finding(['domain', 'certificate'], `the API takes it from ${region} only, where it is deployed`)];
}
