/** The sign of the product: a call that comes round again, and its pause. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.4"
      strokeLinecap="round"
      aria-hidden
    >
      <path d="M20.5 8.2A9.3 9.3 0 1 0 21.3 12" />
      <path d="M21.4 3.6v4.8h-4.8" />
      <path d="M9.6 8.8v6.4M14 8.8v6.4" strokeWidth="2.8" />
    </svg>
  );
}
