/* What a process that holds secrets asks of the operating system. */
#ifndef CS_BASE_HARDEN_H
#define CS_BASE_HARDEN_H

/** From now on this process leaves no core dump, neither as a file nor through a pipe to a crash reporter. First thing in
 *  main. A file that would become longer than the user may write (ulimit -f) is an error like a full disk, and does not end
 *  the process. Cannot fail: what the system refuses stays as it was. */
void cs_harden_process(void);

#endif
