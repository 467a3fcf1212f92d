// The startup file of ./linen shell: the imports that the README's example needs, and the helpers that print.
import dev.linen.*
import dev.linen.function.*
import dev.linen.futex.*
import dev.linen.memory.*
import dev.linen.process.*
import dev.linen.syscall.*
import dev.linen.thread.*
import java.lang.foreign.*
import java.nio.file.*
import java.time.Duration
import static dev.linen.cli.Shell.*
