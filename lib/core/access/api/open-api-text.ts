import document from '../../../../schema/openapi.json' with { type: 'json' };

/** The OpenAPI document of this version, as it was generated: making it anew would take all of the schemas' library. */
export const openApiText = JSON.stringify(document);
