/** Seconds that a URL should live at least: below it new credentials are fetched before anything is signed. */
export const usefulMinimum = 300;
