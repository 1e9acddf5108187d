import type { Document } from 'yaml';
import { currentPolicyLimit } from '../../../contract/cloud/current-policy.ts';
import { InvalidFile, type Problem } from '../../errors.ts';
import { type Finding, placeFindings } from '../../manifest/problem-list.ts';
import { invalidDocument, readDocument } from '../../manifest/read-document.ts';
import { schemaFindings } from '../../manifest/schema-findings.ts';
import { YamlText } from '../../manifest/yaml-text.ts';
import type { AccessPolicy } from '../access-policy.ts';
import type { PolicyDocument } from '../policy-document.ts';
import { buildPolicy } from './build-policy.ts';
import { loosePolicy } from './check-options.ts';
import { grantFindings } from './grant-findings.ts';
import { issuerFindings } from './issuer-findings.ts';
import { hideTokens, tokenOffsets } from './mirror-token.ts';
import { nameFindings } from './name-findings.ts';
import { policyShape } from './policy-shape.ts';
import { principalFindings } from './principal-findings.ts';

/** What a policy is checked against besides itself. */
export interface PolicyConfiguration {
  /** More placeholder texts, from weighbridge.yaml. */
  readonly placeholders?: readonly string[];
  /** `cloud.access.consumerAccounts`. */
  readonly consumerAccounts?: readonly string[];
}

/** Bytes of JSON: what holds in the cloud is the policy, and some kilobytes on where it is from. */
const longestPolicy = currentPolicyLimit - (64 << 10);

const tooLarge: Finding = {
  path: [],
  message: 'the policy is larger than the access API reads (4 MiB): write patterns in place of long lists',
};

export interface ParsePolicyOptions {
  /** The name to print in problems. */
  readonly file: string;
  readonly configuration?: PolicyConfiguration | undefined;
  /** Given, tokens that have expired are warnings. */
  readonly now?: Date | undefined;
}

export interface ParsedPolicy {
  readonly policy: AccessPolicy;
  /** The file as its author wrote it. */
  readonly value: PolicyDocument;
  /** The text without a byte order mark, to which the ranges of `document` refer. */
  readonly text: string;
  /** For editing in place. */
  readonly document: Document.Parsed;
  /** Warnings, in the order of the text. */
  readonly problems: readonly Problem[];
}

/**
 * Reads an access policy: strict YAML 1.2 (or JSON), then its shape, then its meaning.
 * @throws InvalidFile with every problem of the file, warnings included, in the order of the text; it shows no token.
 */
export function parsePolicy(input: string | Uint8Array, options: ParsePolicyOptions): ParsedPolicy {
  const source = YamlText.decode(input, options.file);
  try {
    return parsed(source, options);
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error;
    throw new InvalidFile(error.message, error.problems.map(withoutTokens));
  }
}

function parsed(source: YamlText, { configuration, now }: ParsePolicyOptions): ParsedPolicy {
  const { value, findings } = readDocument(source);
  const loose = loosePolicy(value);
  const check = {
    placeholders: configuration?.placeholders ?? [],
    consumerAccounts: configuration?.consumerAccounts ?? [],
    now,
  };
  const meaning = [
    ...tokensInText(source.text),
    ...nameFindings(loose),
    ...issuerFindings(loose, check),
    ...principalFindings(loose, check),
    ...grantFindings(loose, check),
  ];
  const said = new Set(meaning.filter(({ severity }) => severity !== 'warning').map(placeOf));
  findings.push(...schemaFindings(value, policyShape).filter((finding) => !said.has(placeOf(finding))), ...meaning);
  if (findings.some(({ severity }) => severity !== 'warning')) throw invalidDocument(source, findings);
  const document = value as PolicyDocument;
  const policy = buildPolicy(document);
  if (Buffer.byteLength(JSON.stringify(policy)) > longestPolicy) throw invalidDocument(source, [tooLarge]);
  return {
    policy,
    value: document,
    text: source.text,
    get document() {
      return source.document;
    },
    problems: findings.length === 0 ? [] : placeFindings(findings, source).map(withoutTokens),
  };
}

/** What its meaning says of a field is more to the point than what its shape says. */
function placeOf({ path, at, offset }: Finding): string {
  return JSON.stringify([path, at ?? 'value', offset ?? null]);
}

/** Wherever it stands, also in a comment: what is in Git has been read by others. */
function tokensInText(text: string): Finding[] {
  const message =
    'a token stands here, which others can read now: remove it, and make a new one (`weighbridge token new`)';
  return tokenOffsets(text).map((offset) => ({ path: [], offset, message, secret: true }));
}

function withoutTokens(problem: Problem): Problem {
  const { field, message, value } = problem;
  return {
    ...problem,
    field: hideTokens(field),
    message: hideTokens(message),
    ...(value === undefined ? {} : { value: hideTokens(value) }),
  };
}
