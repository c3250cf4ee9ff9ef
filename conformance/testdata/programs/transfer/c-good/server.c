/* File server: ./server PORT [-v]
 *
 * POSIX sockets; nothing is flushed. Names that begin with a slash or hold ".."
 * are taken for files that do not exist and cannot be created.
 */
#define _FILE_OFFSET_BITS 64
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1024, COMMAND = 4096 };

static int verbose;

static void logline(const char *format, ...)
{
	va_list args;

	if (!verbose)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static int send_all(int fd, const void *data, size_t n)
{
	const char *at = data;

	while (n > 0) {
		ssize_t done = send(fd, at, n, 0);
		if (done < 0)
			return -1;
		at += done;
		n -= done;
	}
	return 0;
}

static int receive_all(int fd, void *data, size_t n)
{
	char *at = data;

	while (n > 0) {
		ssize_t done = recv(fd, at, n, 0);
		if (done <= 0)
			return -1;
		at += done;
		n -= done;
	}
	return 0;
}

static int say(int fd, const char *word) { return send_all(fd, word, strlen(word)); }

static void refuse(int fd, const char *before, const char *name, const char *after)
{
	char text[COMMAND + 64];

	snprintf(text, sizeof text, "ERROR: %s%s%s", before, name, after);
	say(fd, text);
}

static int outside(const char *name) { return name[0] == '/' || strstr(name, "..") != NULL; }

static FILE *open_file(const char *name, const char *mode)
{
	struct stat st;

	if (outside(name) || (stat(name, &st) == 0 && !S_ISREG(st.st_mode)))
		return NULL;
	return fopen(name, mode);
}

static void get(int fd, const char *name)
{
	FILE *file = open_file(name, "rb");
	unsigned char size[8], word[5], block[BLOCK];
	struct stat st;
	uint64_t total;
	size_t n;
	int i;

	if (file == NULL) {
		refuse(fd, "", name, " does not exist");
		return;
	}
	if (fstat(fileno(file), &st) < 0 || say(fd, "OK") < 0 || receive_all(fd, word, 5) < 0)
		goto end;
	total = st.st_size;
	for (i = 0; i < 8; i++)
		size[i] = total >> (56 - 8 * i);
	if (send_all(fd, size, 8) < 0 || receive_all(fd, word, 2) < 0)
		goto end;
	logline("server sending %llu bytes", (unsigned long long)total);
	while ((n = fread(block, 1, BLOCK, file)) > 0)
		if (send_all(fd, block, n) < 0)
			goto end;
	say(fd, "DONE");
end:
	fclose(file);
}

static void put(int fd, const char *name)
{
	FILE *file = open_file(name, "wb");
	unsigned char size[8], block[BLOCK];
	uint64_t left = 0;
	int i;

	if (file == NULL) {
		refuse(fd, "unable to create file ", name, "");
		return;
	}
	if (say(fd, "OK") < 0 || receive_all(fd, size, 8) < 0) {
		fclose(file);
		return;
	}
	for (i = 0; i < 8; i++)
		left = left << 8 | size[i];
	logline("server receiving %llu bytes", (unsigned long long)left);
	say(fd, "OK");
	while (left > 0) {
		ssize_t n = recv(fd, block, left < BLOCK ? left : BLOCK, 0);
		if (n <= 0)
			break;
		fwrite(block, 1, n, file);
		left -= n;
	}
	if (fclose(file) == 0 && left == 0)
		say(fd, "DONE");
}

static void delete(int fd, const char *name)
{
	if (outside(name) || access(name, F_OK) < 0) {
		refuse(fd, "", name, " does not exist");
		return;
	}
	logline("server deleting file %s", name);
	if (unlink(name) < 0)
		refuse(fd, "unable to delete ", name, "");
	else
		say(fd, "DONE");
}

static void serve(int fd)
{
	char command[COMMAND + 1];
	ssize_t n;

	if (say(fd, "READY") < 0 || (n = recv(fd, command, COMMAND, 0)) <= 0)
		return;
	command[n] = '\0';
	logline("server receiving request: %s", command);
	if (strncmp(command, "GET ", 4) == 0)
		get(fd, command + 4);
	else if (strncmp(command, "PUT ", 4) == 0)
		put(fd, command + 4);
	else if (strncmp(command, "DEL ", 4) == 0)
		delete(fd, command + 4);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int listener, one = 1, port;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: server PORT [-v]\n");
		return 2;
	}
	port = atoi(argv[1]);
	verbose = argc == 3 && strcmp(argv[2], "-v") == 0;
	signal(SIGPIPE, SIG_IGN);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	address.sin_port = htons(port);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 0) < 0) {
		perror("server");
		return 1;
	}
	for (;;) {
		struct sockaddr_in peer;
		socklen_t size = sizeof peer;
		int fd;

		logline("server waiting on port %d", port);
		fd = accept(listener, (struct sockaddr *)&peer, &size);
		if (fd < 0)
			continue;
		logline("server connected to client at %s:%d", inet_ntoa(peer.sin_addr), ntohs(peer.sin_port));
		serve(fd);
		close(fd);
	}
}
