import { Argument } from 'commander';
import type { CommandDeclaration } from './declarations.ts';

const policyOption = 'access policy (default: manifests/access.yaml beside weighbridge.yaml)';

/** Commands about who may read private releases. */
export const accessDeclarations: readonly CommandDeclaration[] = [
  {
    name: 'access',
    summary: 'say who may read a private release, and why',
    detail:
      'Explains what the access policy says, without any network: which grant decides, how long a URL would live, and ' +
      'for every other grant why it does not apply.\n' +
      'An ARN is seen as in the account of the API: of callers from other accounts only the account is known there.\n' +
      'Exit 0: it may be read. Exit 4: it may not.',
    examples: [
      'weighbridge access explain --as build-farm my-model@1.2.0',
      'weighbridge access explain --as arn:aws:iam::111122223333:role/ci my-model',
      'weighbridge access explain --as oidc:github:repository=my-org/my-repo,ref=x my-model',
      'weighbridge access explain --as build-farm my-model@1.2.0 weights/model.safetensors --json',
    ],
    declare: (command) =>
      command
        .addArgument(new Argument('<action>', 'what to do').choices(['explain']))
        .argument('<release>', 'COLLECTION[@VERSION]; without a version: what of all of them')
        .argument('[file]', 'a file of it (default: may the release be seen at all)')
        .requiredOption(
          '--as <principal>',
          'a principal of the policy by name; an account id or ARN of AWS; or oidc:ISSUER:claim=value,claim=value with ' +
            'the name of an issuer (claim:=JSON for what is no text)',
        )
        .option('--policy <file>', policyOption),
    load: () => import('./commands/access.ts'),
  },
  {
    name: 'token',
    summary: 'make and revoke tokens for private releases',
    detail:
      'new: makes a token for a principal of the access policy, which it adds where there is none, and prints the ' +
      'token once, on stdout. Only its SHA-256 is written to the file, so run it where the token will be used, and ' +
      'commit the file. A second token may be there while the first is replaced.\n' +
      'revoke: takes the tokens of a principal out of the file, or the one that --digest names.\n' +
      'Both keep comments and order. What they write holds once it is merged and submitted.',
    examples: [
      'weighbridge token new build-farm > /run/secrets/weighbridge-token',
      'weighbridge token new build-farm --expires 2027-03-31',
      'weighbridge token revoke build-farm --digest 3f2a',
      'weighbridge token revoke build-farm',
    ],
    declare: (command) =>
      command
        .addArgument(new Argument('<action>', 'what to do').choices(['new', 'revoke']))
        .argument('<name>', 'a principal: lower-case letters, digits, ".", "_" and "-"')
        .option('--policy <file>', policyOption)
        .option('--expires <when>', 'last day of a new token (UTC), as a date or in days such as 30d (default: 90d)')
        .option('--digest <prefix>', 'revoke this one: the beginning of its SHA-256'),
    load: () => import('./commands/token.ts'),
  },
];
