import { z } from 'zod';

/** Part of object keys, role names and reports. */
export const publisherName = /^[a-z0-9][a-z0-9-]{0,30}$/;

/** A collection, or the beginning of the names of several: `falcon-*`; `*` is all. */
export const collectionPattern = z
  .string()
  .regex(/^(?:\*|[a-z0-9][a-z0-9._-]*\*?)$/, 'expected a collection, or the beginning of several: name-*');

/** Not an account: that would be each of its roles that may assume others. */
const identityArn = z
  .string()
  .regex(/^arn:[a-z-]+:iam::[0-9]{12}:(?:role|user)\/[\w+=,.@/-]+$/, 'expected the ARN of one role or user of IAM');

const github = z.strictObject({
  owner: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,39}$/, 'expected a user or organisation')
    .describe('User or organisation that the repository belongs to.'),
  repository: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/, 'expected the name of a repository, without its owner')
    .describe('Its name, without the owner.'),
  ownerId: z
    .string()
    .regex(/^[0-9]+$/, 'expected a number, in quotes')
    .optional()
    .describe('Number of the owner; repositories made since July 2026 carry it in their identity.'),
  repositoryId: z
    .string()
    .regex(/^[0-9]+$/, 'expected a number, in quotes')
    .optional()
    .describe('Number of the repository, likewise.'),
  branch: z
    .string()
    .regex(/^[^\s:*?~^\\[\]]+$/, 'expected one branch, not a pattern')
    .default('main')
    .describe('The branch whose commits may be submitted.'),
  environment: z
    .string()
    .min(1)
    .optional()
    .describe('An environment of the repository: then only jobs of the branch that entered it may submit.'),
});

const gitlab = z.strictObject({
  url: z.url().default('https://gitlab.com').describe('The GitLab server.'),
  project: z
    .string()
    .regex(/^[\w.-]+(?:\/[\w.-]+)+$/, 'expected group/project')
    .describe('The project with its groups.'),
  branch: z
    .string()
    .regex(/^[^\s:*?~^\\[\]]+$/, 'expected one branch, not a pattern')
    .default('main')
    .describe('The branch whose commits may be submitted.'),
});

export const publisherSchema = z
  .strictObject({
    github: github.optional().describe('A repository on GitHub; its CI takes the roles.'),
    gitlab: gitlab.optional().describe('A project on GitLab, likewise.'),
    principals: z
      .array(identityArn)
      .min(1)
      .optional()
      .describe('Roles of this account that may take the role of this publisher: for people.'),
    collections: z.array(collectionPattern).min(1).describe('What it may publish.'),
    access: z
      .array(z.enum(['public', 'private']))
      .min(1)
      .default(['public', 'private'])
      .describe('Kinds of releases that it may publish.'),
    policy: z.boolean().default(false).describe('May it submit the access policy?'),
  })
  .refine(
    ({ github, gitlab, principals }) => [github, gitlab, principals].filter((one) => one !== undefined).length === 1,
    {
      message: 'expected exactly one of github, gitlab and principals',
    },
  );

/** Who may publish what, by name. */
export const publishersSchema = z
  .record(z.string().regex(publisherName, 'expected a name of small letters, digits and hyphens'), publisherSchema)
  .default({});

export type PublisherSettings = z.infer<typeof publisherSchema>;

/** Does a pattern of `collections:` cover this collection? */
export function coversCollection(patterns: readonly string[], collection: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? collection.startsWith(pattern.slice(0, -1)) : collection === pattern,
  );
}

/** Is there a collection that both patterns cover? */
export function patternsMeet(one: string, other: string): boolean {
  const [a, b] = [one, other].map((pattern) => (pattern.endsWith('*') ? pattern.slice(0, -1) : undefined));
  if (a !== undefined && b !== undefined) return a.startsWith(b) || b.startsWith(a);
  return a !== undefined ? other.startsWith(a) : b !== undefined ? one.startsWith(b) : one === other;
}
