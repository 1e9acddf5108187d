/** Records as RIVA-130 writes them about one staged archive, with names of nobody. */

const digest = (character: string) => character.repeat(64);

const model = {
  ...{ name: 'speech-rnnt-en-us', version: 'v2025.01', language_code: 'en-US', type: 'speech_recognition' },
  ...{ architecture: 'rnnt', description: 'A "quoted" model\\for tests' },
};

/** `artifact.json` of the full mode. */
export function artifactRecord(changes: object = {}): object {
  return {
    artifact_id: 'speech-rnnt-en-us-v2025.01',
    created_at: '2025-01-02T03:04:05Z',
    model,
    source: {
      uri: 's3://example-models/bintarball/speech/speech_v8.1.tar.gz',
      ...{ filename: 'source_model.tar.gz', size_bytes: 3_980_563_622, size_human: '3796MB', sha256: digest('a') },
      download_duration: 'unknown',
    },
    primary_model: {
      filename: 'Speech-1.1b_en-US_8.1.riva',
      relative_path: 'extracted/speech/Speech-1.1b_en-US_8.1.riva',
      ...{ size_bytes: 3_979_963_574, size_human: '3795MB', sha256: digest('b'), format: '.riva' },
    },
    deployment: {
      ...{ environment: 'prod', s3_bucket: 'example-models', s3_prefix: 'prod/speech-rnnt-en-us/v2025.01' },
      ...{ retention_days: 90, staging_complete: true },
    },
    build_info: {
      script: '086',
      run_id: '086-20250102-030405-0000abcd',
      build_host: 'builder',
      aws_region: 'us-east-2',
    },
    validation: { checksums_verified: true, archive_extracted: true, riva_files_found: 1 },
    ...changes,
  };
}

/** `artifact.json` of the reference mode: no digest, and a status that nothing stands behind. */
export function referenceRecord(): object {
  const { uri, filename, size_bytes, size_human } = (artifactRecord() as { source: Record<string, unknown> }).source;
  return artifactRecord({
    staging_mode: 'reference_only',
    source: { uri, filename, size_bytes, size_human, location: 's3_existing', status: 'verified' },
    primary_model: undefined,
    deployment: { environment: 'prod', s3_bucket: 'example-models', reference_mode: true },
    validation: { s3_access_verified: true, model_size_confirmed: true, reference_staging: true },
  });
}

/** `deployment.json`, which later versions write instead. */
export function deploymentRecord(): object {
  return {
    deployment_type: 'bintarball_reference',
    model,
    bintarball_references: {
      model_archive: {
        s3_uri: 's3://example-models/bintarball/speech_v8.1.tar.gz',
        size_bytes: 1000,
        size_human: '1KB',
      },
      container_image: { s3_uri: 's3://example-models/bintarball/server-2.15.0.tar.gz', path: 'bintarball' },
    },
    deployment: { environment: '14', s3_bucket: 'example-models', no_duplication: true, ready_for_deployment: true },
  };
}

/** The settings file; it holds keys of other services too. */
export function settingsFile(changes: Readonly<Record<string, string>> = {}): string {
  const values = {
    AWS_REGION: 'us-east-2',
    NVIDIA_DRIVERS_S3_BUCKET: 'example-models',
    RIVA_ASR_MODEL_S3_URI: 's3://example-models/bintarball/speech/speech_v8.1.tar.gz',
    RIVA_ASR_MODEL_NAME: 'speech-rnnt-en-us',
    RIVA_ASR_LANG_CODE: 'en-US',
    MODEL_VERSION: 'v2025.01',
    ENV: 'prod',
    NGC_API_KEY: 'nvapi-0123456789',
    ...changes,
  };
  const lines = Object.entries(values).map(([name, value]) => `${name}="${value}"  # a comment`);
  return ['# Settings', '', ...lines, ''].join('\r\n');
}
