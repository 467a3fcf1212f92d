package stores;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.linen.powercut.DiskModel;
import dev.linen.powercut.PowerCut;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** SQLite's journals and its settings of "synchronous", compared with what https://sqlite.org/pragma.html promises. */
class SqliteTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
            // "it is possible that a transaction might roll back following a power loss"
            "delete, FULL, true, false",
            // "the directory containing a rollback journal is synced after that journal is unlinked"
            "delete, EXTRA, false, false",
            // "the database might become corrupted if the operating system crashes"
            "delete, OFF, true, true",
            "wal, FULL, false, false",
            // "WAL mode does lose durability", "is always consistent"
            "wal, NORMAL, true, false"})
    void powerCut_afterCommits_doesWhatIsDocumented(String journal, String synchronous, boolean loses, boolean damages)
            throws IOException {
        Path database = Files.createDirectory(folder.resolve("database"));
        PowerCut<Integer> run = PowerCut.record(database, acks -> {
            try (Connection connection = open(database); Statement statement = connection.createStatement()) {
                statement.execute("pragma journal_mode = " + journal);
                statement.execute("pragma synchronous = EXTRA"); // the table shall be there
                statement.execute("create table t (x integer primary key, y text)");
                statement.execute("pragma wal_checkpoint(full)");
                statement.execute("pragma synchronous = " + synchronous);
                acks.now(0);
                for (int i = 1; i <= 5; i++) {
                    statement.execute("insert into t values (" + i + ", '" + "y".repeat(3_000) + "')");
                    acks.now(i);
                }
            }
        });
        Outcomes found = new Outcomes("SQLite " + journal + ", " + synchronous, run, DiskModel.POSIX,
                SqliteTest::count);

        assertEquals(loses, found.lost + found.damaged > 0, "lost " + found.lost);
        assertEquals(damages, found.damaged > 0, "damaged " + found.damaged);
    }

    private static Connection open(Path folder) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("db"));
    }

    private static int count(Path folder) throws SQLException {
        try (Connection connection = open(folder); Statement statement = connection.createStatement()) {
            try (ResultSet check = statement.executeQuery("pragma integrity_check")) {
                if (!check.next() || !check.getString(1).equals("ok")) {
                    throw new SQLException("integrity_check: " + check.getString(1));
                }
            }
            try (ResultSet rows = statement.executeQuery("select count(y) from t")) {
                return rows.getInt(1);
            }
        }
    }
}
