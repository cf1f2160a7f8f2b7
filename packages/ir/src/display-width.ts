const PLAIN = /^[\u0020-\u007e]*$/;
/** Characters of two columns (Unicode UAX #11, East Asian Wide and Fullwidth), and those that are pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

/** Columns that a text without control characters takes on a terminal. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of new Intl.Segmenter("en").segment(text)) columns += WIDE.test(segment) ? 2 : INVISIBLE.test(segment) ? 0 : 1;
  return columns;
}
