import { UsageError } from '../errors.ts';
import { defaultRetryPolicy, retry } from '../retry.ts';
import { readGitHubRelease } from '../sources/github-release.ts';
import { formatRepositorySource, parseGitHub } from '../sources/repository-source.ts';
import { gapFindings } from './gap-findings.ts';
import type { Importer, ImportFinding } from './importer.ts';
import { namedArtifacts } from './named-artifacts.ts';
import { collectionFrom, versionFrom } from './suggested-names.ts';

/** The assets of a release of GitHub, each pinned by its id, with the digests that GitHub publishes since June 2025. */
export const gitHubReleaseImporter: Importer = {
  kind: 'github-release',
  generic: true,
  summary: 'github://owner/repo@tag: its assets, pinned by their ids',
  settings: [],
  async read({ input }, ports) {
    // An asset is what a source needs and a release has many of.
    const ref = parseGitHub(`${input.replace(/\/+$/, '')}/x`);
    if ('problem' in ref)
      throw new UsageError(`not a release: ${ref.problem}`, { hint: 'Write github://owner/repo@tag.' });
    const { clock, signal, reporter } = ports;
    const access = { http: ports.http, api: ports.gitHubApi };
    const assets = await retry(() => readGitHubRelease(access, ref, signal), defaultRetryPolicy, {
      clock,
      signal,
      onRetry: ({ error, inSeconds }) => reporter.emit({ type: 'waiting', what: error.message, seconds: inSeconds }),
    });
    const findings: ImportFinding[] = [];
    const files = assets.flatMap(({ id, name, size, sha256 }) => {
      if (size === 0) {
        findings.push({ kind: 'not-taken', subject: name, message: 'is empty' });
        return [];
      }
      const source = formatRepositorySource({ ...ref, asset: name, assetId: id });
      const digest = sha256 === undefined ? {} : { sha256: sha256.hex, digestFrom: 'upstream' as const };
      return [{ file: name, sources: [source], size, ...digest }];
    });
    const artifacts = namedArtifacts(files);
    findings.push(...artifacts.flatMap((artifact) => gapFindings(artifact, artifact.file)));
    return {
      manifests: [
        { collection: collectionFrom(ref.repo), version: versionFrom(ref.tag), access: undefined, artifacts },
      ],
      findings,
      figures: { assets: assets.length, digests: artifacts.filter(({ sha256 }) => sha256 !== undefined).length },
    };
  },
};
